// The chapters of the reference that this room implements, one line each: CHAPTER(name) stands for
// `const struct vmm_chapter vmm_<name>_chapter`, exported by the chapter's file. Included several times with different
// meanings of CHAPTER. Order does not matter, but must be the same in every machine of a build.
CHAPTER(vm)
CHAPTER(sched)
CHAPTER(sync)
CHAPTER(event)
CHAPTER(timeout)
CHAPTER(interrupt)
CHAPTER(callwhen)
CHAPTER(simulate)
CHAPTER(nest)
CHAPTER(monitor)
CHAPTER(fault)
CHAPTER(module)
CHAPTER(control)
