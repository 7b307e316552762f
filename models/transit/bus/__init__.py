"""The bus on fixed routes: timetables, journeys through them, what it costs and how far it takes people."""
