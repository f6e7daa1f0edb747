// newproc1：造一个 goroutine。`./lab check` 把这个文件编进一份运行时的副本，
// `./lab run` 在它上面打开 gdb。写出下面六处，每处一到五行。要用的都在这里：
//
//   gfget(pp)                      这个 P 留着的一个用完的 g，带着栈；没有
//                                  则为空
//   malg(_StackMin)                一个带栈的新 g；状态是 _Gidle
//   casgstatus(gp, from, to)       改变一个 g 的状态
//   allgadd(gp)                    把 g 放进所有 g 的列表 allgs；那时它不能
//                                  还是 _Gidle
//   gostartcallfn(&gp->sched, fn)  让 sched 看上去像是 sched.pc 刚调用了 fn：
//                                  把 sched.pc 压栈，把 pc 设为 fn
//   goexit                         每个 goroutine 都返回到它；返回地址是
//                                  reinterpret_cast<uintptr>(goexit) + 1，
//                                  这样前一个字节还在 goexit 里面
//   atomic::Xadd(&counter, n)      给所有 P 共用的计数器加 n，并给出总和
//   runqput(pp, gp, next)          把 g 排进这个 P 的队列：next = true 放进
//                                  runnext，false 放到环形队列末尾
//
// g、gobuf 和 p 的字段在 runtime/runtime2.hpp 里。

#include "builtin.hpp"
#include "extern.hpp"
#include "runtime.hpp"

void newproc1(funcval* fn, const _type* typ, uintptr callerpc) {
    m* mp = acquirem();  // 从这里到 releasem，这个线程一直保有它的 P
    p* pp = mp->p;

    // 1. 它自己的 g：用一个 dead 的，没有就造一个新的，改成 dead，
    //    再放进所有 g 的列表。
    g* newg = nullptr;

    // 2. 它的栈指针：在栈的上端 newg->stack.hi 下面 32 字节；如果有 typ，
    //    再低 typ->size 字节，也就是函数对象捕获的内容的大小。
    //    要是 16 的倍数。
    uintptr sp = 0;

    if (typ && sp) {  // 已写好：函数对象移到 sp 所指的地方
        typ->move(reinterpret_cast<funcval*>(sp), fn);
        fn = reinterpret_cast<funcval*>(sp);
    }

    // 3. newg->sched：它从哪里继续。先全部清零，然后写 sp、pc 和 g；pc 要像是
    //    goexit 调用了 fn。再用 gostartcallfn。newg->stktopsp 也是 sp；
    //    newg->gopc 是 callerpc；newg->startpc 是代码的地址 fn->fn。

    // 4. 编号 newg->goid：这个 P 手里的下一个 pp->goidcache，直到
    //    pp->goidcacheend。一个也不剩时，P 再拿 16 个：sched.goidgen
    //    记着到现在一共发给了各个 P 多少个。

    // 5. 它的状态：可以运行了。

    // 6. 这个 P 的队列。新的 goroutine 排在最前面。

    (void)callerpc;
    (void)newg;
    (void)pp;
    releasem(mp);
}
