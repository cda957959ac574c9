"""What a noxfile gives its sessions, as far as it can be known without running it: strings, paths, lists of them,
and top-level names for these."""

import ast
from pathlib import Path

PATHS = ("Path", "PurePath")
SAME = ("str", "fspath", "resolve", "absolute", "as_posix")
"""Calls that give what they are given."""


class Noxfile:
    """A noxfile; empty if there is none that Python can parse."""

    def __init__(self, path, text):
        self.names = {"__file__": Path(path)}
        try:
            self.tree = ast.parse(text)
        except (SyntaxError, ValueError):
            self.tree = ast.Module([], [])
        for node in self.tree.body:
            if isinstance(node, ast.Assign) and (found := self.value(node.value)) is not None:
                self.names.update({name.id: found for name in node.targets if isinstance(name, ast.Name)})

    def calls(self, method):
        """Each call of a session method: the function's name, and the words and variables that are known."""
        shared = self.names
        for function in ast.walk(self.tree):
            if not isinstance(function, ast.FunctionDef):
                continue
            self.names = {**shared, **self.assigned(function)}
            for node in ast.walk(function):
                called = node.func if isinstance(node, ast.Call) else None
                if isinstance(called, ast.Attribute) and called.attr in (method, f"{method}_always"):
                    unknown = [""] if method == "install" else []  # it may be the value of the option before it
                    yield function.name, [str(word) for word in self.sequence(node.args, unknown)], self.variables(node)

    def variables(self, node):
        """The variables that a session call sets for what it runs."""
        tables = [keyword.value for keyword in node.keywords if keyword.arg == "env" and isinstance(keyword.value, ast.Dict)]
        pairs = [(self.value(key), self.value(value)) for table in tables for key, value in zip(table.keys, table.values) if key]
        return {key: str(value) for key, value in pairs if isinstance(key, str) and isinstance(value, (str, Path))}

    def assigned(self, function):
        """The values of a function's names, if known."""
        nodes = [node for node in ast.walk(function) if isinstance(node, ast.Assign)]
        pairs = [(name.id, self.value(node.value)) for node in nodes for name in node.targets if isinstance(name, ast.Name)]
        return {name: value for name, value in pairs if value is not None}

    def sequence(self, nodes, unknown=()):
        """The values of a list or of arguments that are known; `unknown`: what stands for each of the others."""
        found = []
        for node in nodes:
            value = self.value(node.value if isinstance(node, ast.Starred) else node)
            found += value if isinstance(value, list) else list(unknown) if value is None else [value]
        return found

    def value(self, node):
        """The value of an expression; None if it cannot be known."""
        if isinstance(node, ast.Constant):
            return node.value if isinstance(node.value, str) else None
        if isinstance(node, ast.Name):
            return self.names.get(node.id)
        if isinstance(node, (ast.List, ast.Tuple)):
            return self.sequence(node.elts)
        if isinstance(node, ast.JoinedStr):
            parts = [self.value(getattr(part, "value", part) if isinstance(part, ast.FormattedValue) else part) for part in node.values]
            return "".join(map(str, parts)) if all(isinstance(part, (str, Path)) for part in parts) else None
        if isinstance(node, ast.Attribute):
            base = self.value(node.value)
            return base.parent if node.attr == "parent" and isinstance(base, Path) else None
        if isinstance(node, ast.BinOp):
            return self.operation(node)
        if isinstance(node, ast.BoolOp) and isinstance(node.op, ast.Or):  # `session.posargs or …`
            return self.value(node.values[-1])
        return self.call(node) if isinstance(node, ast.Call) else None

    def operation(self, node):
        """`a / b` of paths, `a + b` of texts and lists."""
        left, right = self.value(node.left), self.value(node.right)
        if isinstance(node.op, ast.Div) and isinstance(left, Path) and isinstance(right, (str, Path)):
            return left / right
        if isinstance(node.op, ast.Add) and type(left) is type(right) and isinstance(left, (str, list)):
            return left + right
        return None

    def call(self, node):
        """`Path("a", "b")`, `str(path)`, `path.joinpath("a")`, `os.path.join(path, "a")`."""
        method = node.func.attr if isinstance(node.func, ast.Attribute) else None
        name = method or getattr(node.func, "id", None)
        base = self.value(node.func.value) if method else None
        given = [self.value(argument) for argument in node.args]
        if not all(isinstance(value, (str, Path)) for value in ([base] if base is not None else []) + given):
            return None
        if name in PATHS and given:
            return Path(*given)
        if name == "joinpath" and isinstance(base, Path):
            return base.joinpath(*given)
        if name == "join" and base is None and given:
            return Path(*given)
        if name in SAME:
            return base if base is not None and not given else given[0] if len(given) == 1 else None
        return None
