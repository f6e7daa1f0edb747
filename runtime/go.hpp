// go.hpp - what a program includes: the language, in builtin.hpp, package runtime's exports, and Go's other packages.
// What the runtime is made of stays out of a program's way.
//
//	#include "go.hpp"
//	void main_main() { fmt::Println("hello world"); }      // func main() of package main; ELF symbol main.main
#pragma once

#include "builtin.hpp"
#include "extern.hpp"
#include "std/fmt.hpp"
#include "std/net.hpp"
#include "std/os.hpp"
#include "std/sync.hpp"
#include "std/time.hpp"
