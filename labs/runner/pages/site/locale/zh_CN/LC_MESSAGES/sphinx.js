// What Sphinx's search says in Chinese: 5.3 has one sentence for any number of pages, 8.1 two.
Documentation.addTranslations({
  locale: "zh_Hans_CN",
  plural_expr: "0",
  messages: {
    "Preparing search...": "正在准备搜索……",
    Searching: "正在搜索",
    "Search Results": "搜索结果",
    "Search finished, found ${resultCount} page(s) matching the search query.": "找到 ${resultCount} 页。",
    "Search finished, found one page matching the search query.": ["找到 ${resultCount} 页。"],
    "Your search did not match any documents. Please make sure that all words are spelled correctly and that you've selected enough categories.":
      "没有找到。请看看字有没有打错，或者少写几个词。",
    "Hide Search Matches": "不再标出搜索的词",
    ", in ": "，在",
  },
});
