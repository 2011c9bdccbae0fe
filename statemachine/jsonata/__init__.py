"""JSONata: the query and transformation language, by `jsonata-python`. https://docs.jsonata.org/

    expression = compile_expression("$sum(orders.(price * quantity))")
    expression.evaluate({"orders": [...]}, {"tax": 0.2})        # UNDEFINED where JSONata says nothing

The library parses and evaluates (`engine`). Ours are the bounds that make an end of any expression (`bounds`), the
functions that the library gets wrong (`functions`, `strings`, `dates`), and sentences (`messages`). Time and chance
come in from outside, and nothing that comes in is ever changed. See docs/jsonata.md.
"""

from statemachine.jsonata import stack  # noqa: F401 - before anything else of the library's is imported
from statemachine.jsonata.engine import UNDEFINED, Expression, compile_expression
from statemachine.jsonata.messages import JsonataError
from statemachine.jsonata.regexes import is_function

__all__ = ["UNDEFINED", "Expression", "JsonataError", "compile_expression", "is_function"]
