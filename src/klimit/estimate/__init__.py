"""The same questions as `exact`, answered from draws, each number with its error."""
