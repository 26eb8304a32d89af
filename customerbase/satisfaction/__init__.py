"""How satisfied customers are: scores of surveys with their intervals, who answers, what satisfaction goes with."""
