"""One queue engine: groups of servers, lines, schedules, classes, one calendar; a model brings its words as kernels."""
