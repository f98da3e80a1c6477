"""What other programs read: play of a solved case as a plain Markov chain."""
