"""What a module's source says about one of its functions, as one JSON object; none of it is run.

arguments: the function, the module's file, files that may call it
"""

import ast
import builtins
import io
import json
import sys
import tokenize

NAME, FILE, CALLERS = sys.argv[1], sys.argv[2], sys.argv[3:]
FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)
MOST = 10  # runs of one test that are looked at
LITERALS = (type(None), bool, int, float, str)


def parsed(path):
    with open(path, "rb") as file:
        source = file.read()
    module = ast.parse(source, path)
    encoding, _ = tokenize.detect_encoding(io.BytesIO(source).readline)
    return module, source.decode(encoding, "replace")


def statements(body):
    """Those that run when the module is imported, including those below `if`, `try` and `with`."""
    for one in body:
        yield one
        if not isinstance(one, FUNCTIONS + (ast.ClassDef,)):
            for field in "body", "orelse", "finalbody":
                yield from statements(getattr(one, field, []))
            for handler in getattr(one, "handlers", []):
                yield from statements(handler.body)


def bindings(module):
    """Each name that the module binds: the name, what was imported under it, and the line."""
    for one in statements(module.body):
        if isinstance(one, ast.Import):
            for alias in one.names:
                top = alias.name.partition(".")[0]
                yield alias.asname or top, alias.name if alias.asname else top, one.lineno
        elif isinstance(one, ast.ImportFrom):
            for alias in one.names:
                source = "." * one.level + (one.module or "")
                yield alias.asname or alias.name, source + "." + alias.name, one.lineno
        elif isinstance(one, FUNCTIONS + (ast.ClassDef,)):
            yield one.name, None, one.lineno
        else:
            targets = getattr(one, "targets", [getattr(one, "target", None)])
            for target in targets:
                for node in ast.walk(target) if target else []:
                    if isinstance(node, ast.Name):
                        yield node.id, None, one.lineno


def full_name(node, known):
    """`typing.List` for what is imported like that, `builtins.int`; empty for one of the module's own names."""
    if isinstance(node, ast.Attribute):
        before = full_name(node.value, known)
        return before and before + "." + node.attr
    if not isinstance(node, ast.Name):
        return None
    if node.id in known:
        return known[node.id]
    return "builtins." + node.id if hasattr(builtins, node.id) else None


def inside(index):
    """What is between the brackets; Python 3.8 wraps it."""
    index = getattr(index, "value", index) if type(index).__name__ == "Index" else index
    return index.elts if isinstance(index, ast.Tuple) else [index]


def annotation(node, known):
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        try:
            node = ast.parse(node.value.strip(), mode="eval").body
        except SyntaxError:
            return {"name": ""}
    if isinstance(node, ast.Constant):
        return {"name": {None: "None", Ellipsis: "..."}.get(node.value, "")}
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.BitOr):
        return {"name": "typing.Union", "of": [annotation(one, known) for one in (node.left, node.right)]}
    if isinstance(node, ast.Subscript):
        of = [annotation(one, known) for one in inside(node.slice)]
        return {"name": full_name(node.value, known) or "", "of": of}
    return {"name": full_name(node, known) or ""}


def default(node, source):
    """A parameter's default: as written, and its value if that is a plain one."""
    found = {"text": ast.get_source_segment(source, node) or "...", "plain": False, "value": None}
    try:
        value = ast.literal_eval(node)
    except (ValueError, TypeError):
        return found
    if isinstance(value, LITERALS):
        # as JSON has no other numbers, an infinity is none
        finite = not isinstance(value, float) or value - value == 0
        found.update(plain=finite, value=value if finite else None)
    return found


def parameters(function, known, source):
    arguments = function.args
    early = getattr(arguments, "posonlyargs", [])
    placed = early + arguments.args
    defaults = [None] * (len(placed) - len(arguments.defaults)) + arguments.defaults
    kinds = ["positional-only"] * len(early) + ["plain"] * len(arguments.args)
    found = list(zip(kinds, placed, defaults))
    found += [("varargs", arguments.vararg, None)] if arguments.vararg else []
    found += [("keyword-only", one, given) for one, given in zip(arguments.kwonlyargs, arguments.kw_defaults)]
    found += [("keywords", arguments.kwarg, None)] if arguments.kwarg else []
    for kind, one, given in found:
        said = one.annotation and annotation(one.annotation, known)
        yield {"name": one.arg, "kind": kind, "annotation": said, "default": given and default(given, source)}


def own_nodes(function):
    """The nodes of a function, without those of nested functions."""
    waiting = list(function.body)
    while waiting:
        node = waiting.pop()
        yield node
        if not isinstance(node, FUNCTIONS + (ast.ClassDef, ast.Lambda)):
            waiting.extend(ast.iter_child_nodes(node))


def described(function, known, source):
    is_generator = any(isinstance(node, (ast.Yield, ast.YieldFrom)) for node in own_nodes(function))
    is_async = isinstance(function, ast.AsyncFunctionDef)
    decorators = [ast.get_source_segment(source, one) or "" for one in function.decorator_list]
    return {
        "line": function.lineno,
        "end": function.end_lineno,
        "kind": "async" if is_async else "generator" if is_generator else "plain",
        "decorators": decorators,
        "parameters": list(parameters(function, known, source)),
        "returns": function.returns and annotation(function.returns, known),
        "doc": (ast.get_docstring(function) or "").partition("\n")[0],
    }


def place(module):
    """Where a name is defined that is not a function of the module itself."""
    for node in ast.walk(module):
        if isinstance(node, ast.ClassDef) and any(one.name == NAME for one in node.body if isinstance(one, FUNCTIONS)):
            return {"class": node.name}
    nested = any(isinstance(node, FUNCTIONS) and node.name == NAME for node in ast.walk(module))
    return {"nested": nested}


def is_literal(node):
    try:
        ast.literal_eval(node)
    except (ValueError, TypeError, SyntaxError, MemoryError, RecursionError):
        return False
    return True


def constants(body):
    """Names that a body assigns a literal once."""
    given = {}
    for one in body:
        if isinstance(one, ast.Assign) and len(one.targets) == 1 and isinstance(one.targets[0], ast.Name):
            given.setdefault(one.targets[0].id, []).append(one.value)
    return {name: values[0] for name, values in given.items() if len(values) == 1 and is_literal(values[0])}


def rows(decorator):
    """What pytest passes to a test, by parameter name: a dictionary for each run."""
    called = getattr(decorator, "func", None)
    if not isinstance(called, ast.Attribute) or called.attr != "parametrize" or len(decorator.args) < 2:
        return []
    names, values = decorator.args[:2]
    if not is_literal(names) or not isinstance(values, (ast.List, ast.Tuple)):
        return []
    names = ast.literal_eval(names)
    names = [name.strip() for name in names.split(",")] if isinstance(names, str) else list(names)
    found = []
    for value in values.elts:
        if isinstance(value, ast.Call):  # pytest.param(…)
            parts = value.args
        else:
            parts = value.elts if len(names) > 1 and isinstance(value, (ast.Tuple, ast.List)) else [value]
        found += [dict(zip(names, parts))] if len(names) == len(parts) else []
    return found


def runs(function, around):
    """The names that have literal values in each run of a test."""
    found = [{**around, **constants(function.body)}]
    for decorator in function.decorator_list:
        more = rows(decorator)
        found = [{**one, **other} for one in found for other in more][:MOST] if more else found
    return found


def calls(path):
    """The calls of the function with only literals, their arguments as written."""
    try:
        module, source = parsed(path)
    except (SyntaxError, ValueError):
        return
    imported = {name for name, meaning, _ in bindings(module) if meaning}
    around = constants(module.body)
    tests = [one for one in ast.walk(module) if isinstance(one, FUNCTIONS)]
    for test in tests or [module]:
        for known in runs(test, around) if test is not module else [around]:
            for node in ast.walk(test):
                if isinstance(node, ast.Call) and is_ours(node.func, imported):
                    yield from written(node, known, source)


def is_ours(called, imported):
    if isinstance(called, ast.Name):
        return called.id == NAME and NAME in imported
    of_module = isinstance(called, ast.Attribute) and called.attr == NAME and isinstance(called.value, ast.Name)
    return of_module and called.value.id in imported


def written(call, known, source):
    """Each argument with its name, if all are literals on one line."""
    pairs = [(None, value) for value in call.args] + [(one.arg, one.value) for one in call.keywords]
    pairs = [(name, known.get(value.id, value) if isinstance(value, ast.Name) else value) for name, value in pairs]
    if not all(is_literal(value) for _, value in pairs) or any(keyword.arg is None for keyword in call.keywords):
        return
    texts = [[name, ast.get_source_segment(source, value) or ""] for name, value in pairs]
    if not any("\n" in text for _, text in texts):
        yield texts


def absolute(module):
    """The packages that are imported by absolute names."""
    for node in ast.walk(module):
        if isinstance(node, ast.ImportFrom) and not node.level:
            yield (node.module or "").partition(".")[0]


def main():
    try:
        module, source = parsed(FILE)
    except SyntaxError as error:
        return {"problem": {"line": error.lineno or 1, "message": error.msg}}
    bound = list(bindings(module))
    known = {name: meaning for name, meaning, _ in bound}
    named = [one for one in module.body if isinstance(one, FUNCTIONS) and one.name == NAME]
    lines = [(meaning, line) for name, meaning, line in bound if name == NAME]
    function = named[-1] if named else None
    others = [line for _, line in lines if function is None or line > function.end_lineno]
    imports = [meaning for meaning, _ in lines if meaning]
    return {
        "function": function and described(function, known, source),
        "elsewhere": place(module),
        "imported": imports[-1] if imports else None,
        "bound_again": max(others) if others else None,
        "functions": [one.name for one in module.body if isinstance(one, FUNCTIONS)],
        "relative": any(isinstance(one, ast.ImportFrom) and one.level for one in ast.walk(module)),
        "absolute": sorted(set(absolute(module))),
        "calls": [call for path in CALLERS for call in calls(path)],
    }


print(json.dumps(main()))
