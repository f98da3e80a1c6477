"""What a person sees of a run: terminal output, charts, the HTML page, JSON and data frames."""
