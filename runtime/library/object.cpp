// object.cpp - reads the core's structures for Python, field by field, when an attribute is asked for. fields.cpp has
// the table of what there is.

#include "object.hpp"

#include <string.h>

PyObject *Error, *Fatal;
unsigned generation;

void fail(const std::string& s) {
    PyErr_SetString(Error, s.c_str());
    throw py::error_already_set();
}

void unmade(const char* what) { fail(std::string("this ") + what + " was made by __new__ alone: nothing is in it"); }

py::str text(const std::string& s) {
    return py::reinterpret_steal<py::str>(
        PyUnicode_DecodeUTF8(s.data(), py::ssize_t_cast(s.size()), "surrogateescape"));
}

const Struct* find(const std::string& name) {
    for (auto* s = structs; *s; s++)
        if (name == (*s)->name) return *s;
    throw py::key_error(name);
}

/// A type's name as gdb would say it.
static std::string type_name(const Type& t) {
    switch (t.kind) {
    case Type::STRUCT: return t.of->name;
    case Type::POINTER: return std::string(t.of->name) + "*";
    case Type::ARRAY: return type_name(*t.element) + "[" + std::to_string(t.size / t.element->size) + "]";
    case Type::SLICE: return "slice<" + type_name(*t.element) + ">";
    default: return t.name;
    }
}

static py::dict layout(const std::string& name) {
    const Struct* s = find(name);
    py::list fields;
    for (const Field* f = s->fields; f->name; f++)
        fields.append(py::dict("name"_a = f->name, "offset"_a = f->offset, "size"_a = f->type->size,
                               "type"_a = type_name(*f->type)));
    return py::dict("size"_a = s->size, "fields"_a = fields);
}

template <class T> static T at(const char* address) {
    T v;
    memcpy(&v, address, sizeof v);
    return v;
}

py::object load(const char* a, const Type& t) {
    switch (t.kind) {
    case Type::BOOL: return py::bool_(*a != 0);
    case Type::SIGNED: return py::int_(t.size == 8 ? at<int64_t>(a) : t.size == 4 ? at<int32_t>(a) : at<int8_t>(a));
    case Type::WORD: return py::int_(at<uint64_t>(a));
    case Type::UNSIGNED:
        return py::int_(t.size == 8   ? at<uint64_t>(a)
                        : t.size == 4 ? at<uint32_t>(a)
                        : t.size == 2 ? at<uint16_t>(a)
                                      : at<uint8_t>(a));
    case Type::STRING: return text({at<const char*>(a), at<size_t>(a + 8)});
    case Type::STRUCT: return py::cast(Object(a, t.of));
    case Type::POINTER: {
        auto* to = at<const char*>(a);
        return to ? py::cast(Object(to, t.of)) : py::none();
    }
    case Type::ARRAY:
    case Type::SLICE: {
        auto* first = t.kind == Type::ARRAY ? a : at<const char*>(a);
        int64_t n = t.kind == Type::ARRAY ? t.size / t.element->size : at<int64_t>(a + 8);
        py::list l;
        for (int64_t i = 0; i < n; i++) l.append(load(first + i * t.element->size, *t.element));
        return l;
    }
    }
    return py::none();
}

static void alive(const Object& o) {
    if (o.kind(), o.born != generation) fail("the " + std::string(o.of->name) + " is gone: its Runtime is closed");
}

static py::object field(const Object& o, const std::string& name) {
    alive(o);
    for (const Field* f = o.of->fields; f->name; f++)
        if (name == f->name) return load(o.address + f->offset, *f->type);
    throw py::attribute_error(std::string(o.of->name) + " has no field " + name);
}

static bool same(const Object& o, const Object& other) {
    return o.address == other.address && o.kind() == other.kind() && o.born == other.born;
}

static size_t address(const Object& o) { return o.kind(), reinterpret_cast<size_t>(o.address); }

static bool is_id(const Field* f) { return !strcmp(f->name, "goid") || !strcmp(f->name, "id"); }

/// Who it is: a g by its goid, m and p by id, others by address.
static std::string brief(const Object& o) {
    for (const Field* f = o.of->fields; f->name; f++)
        if (is_id(f))
            return std::string(o.of->name) + " " + std::string(py::str(load(o.address + f->offset, *f->type)));
    char buf[40];
    snprintf(buf, sizeof buf, " at %p", o.address);
    return o.of->name + std::string(buf);
}

/// Who it is, and every simple field that is not zero.
static std::string repr(const Object& o) {
    if (o.kind(), o.born != generation) return "<" + std::string(o.of->name) + " of a closed Runtime>";
    std::string s = "<" + brief(o);
    for (const Field* f = o.of->fields; f->name; f++) {
        const Type& t = *f->type;
        if (t.kind == Type::STRUCT || t.kind == Type::ARRAY || t.kind == Type::SLICE || is_id(f)) continue;
        py::object v = load(o.address + f->offset, t);
        std::string word;
        if (t.kind == Type::POINTER)
            word = v.is_none() ? "" : "<" + brief(v.cast<Object>()) + ">";
        else if (f->words) {
            unsigned value = v.cast<unsigned>(), n = 0;
            while (f->words[n] && n < value) n++;
            word = f->words[n] ? f->words[n] : std::to_string(value);
        } else if (py::bool_(v))
            word = t.size == 8 && t.kind != Type::SIGNED && t.kind != Type::STRING && v.cast<uint64_t>() > 0xffff
                       ? std::string(py::str("0x{:x}").format(v).cast<std::string>())
                       : std::string(py::repr(v));
        if (!word.empty()) s += " " + std::string(f->name) + "=" + word;
    }
    return s + ">";
}

void define_object(py::module_& module) {
    Error = PyErr_NewExceptionWithDoc("rt0lab.Error", "What was asked cannot be done, or not now.", nullptr, nullptr);
    Fatal =
        PyErr_NewExceptionWithDoc("rt0lab.Fatal", "The runtime gave up; the text is its last words.", Error, nullptr);
    module.attr("Error") = py::handle(Error);
    module.attr("Fatal") = py::handle(Fatal);

    module.def("layout", layout, "kind"_a,
               "The size and the fields (name, offset, size, type) of one of the runtime's structures.");

    py::class_<Object>(module, "Object", "A structure of the runtime's, under Go's names. Read when asked for.")
        .def("__getattr__", field)
        .def("__repr__", repr)
        .def("__dir__",
             [](const Object& o) {
                 py::list l;
                 for (const Field* f = o.kind()->fields; f->name; f++) l.append(f->name);
                 return l;
             })
        .def("__eq__", [](const Object& o,
                          py::object other) { return py::isinstance<Object>(other) && same(o, other.cast<Object>()); })
        .def("__hash__", address)
        .def("__int__", address, "Its address.");
}
