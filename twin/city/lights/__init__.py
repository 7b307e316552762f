"""Plans of lights, shared by cars and walkers: one plan for each junction."""
