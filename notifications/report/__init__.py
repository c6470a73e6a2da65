"""The shop's numbers: what is counted, how it is shown, and the mail about it each Monday."""
