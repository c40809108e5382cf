"""Results and figures as documents: terminal, HTML, Markdown."""
