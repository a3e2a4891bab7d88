"""The parts of a backtest: the history that is read, what is assumed about it, the replay, and what came out."""
