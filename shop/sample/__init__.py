"""The sample catalogue of the demo: its data, its pictures and the program that draws them."""
