"""The service around dispatch: who may ask when, shifts and breaks of drivers, types of vans, fares."""
