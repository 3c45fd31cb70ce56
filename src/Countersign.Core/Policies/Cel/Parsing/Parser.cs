using System.Collections.Immutable;
using Countersign.Core.Policies.Cel.Ast;

namespace Countersign.Core.Policies.Cel.Parsing;

/// <summary>
/// A recursive-descent parser of this grammar (langdef, "Syntax"), to be read aloud:
/// <code>
/// conditional = or [ "?" or ":" conditional ]
/// or          = and { "||" and }
/// and         = relation { "&amp;&amp;" relation }
/// relation    = sum { ( "==" | "!=" | "&lt;" | "&lt;=" | ">" | ">=" | "in" ) sum }
/// sum         = product { ( "+" | "-" ) product }
/// product     = unary { ( "*" | "/" | "%" ) unary }
/// unary       = ( "!" | "-" ) unary | member
/// member      = primary { "." name [ "(" arguments ")" ] | "[" conditional "]" }
/// primary     = [ "." ] name [ "(" arguments ")" ] | "(" conditional ")" | list | map | literal
/// </code>
/// The first error ends the parse: the current token becomes the end, so that every rule returns at once.
/// </summary>
internal sealed class Parser
{
    private static readonly Expression Nothing = new Expression.Literal(CelValue.Null, 0);

    private readonly string _source;
    private readonly CelLimits _limits;
    private readonly Lexer _lexer;
    private Token _token;
    private CelError? _error;
    private int _depth;

    private Parser(string source, CelLimits limits)
    {
        _source = source;
        _limits = limits;
        _lexer = new Lexer(source);
    }

    public static bool TryParse(string source, CelLimits limits, out Expression expression, out CelError? error)
    {
        if (source.Length > limits.SourceLength)
        {
            expression = Nothing;
            error = new CelError(
                1, 1, $"the expression is longer than {limits.SourceLength} characters; split the rule");
            return false;
        }

        var parser = new Parser(source, limits);
        parser.Advance();
        expression = parser.Conditional();
        if (parser._token.Kind != TokenKind.End)
        {
            parser.Fail(parser._token.At, $"expected an operator or the end, not {parser._token.Describe()}");
        }

        if (expression.Depth > limits.Depth)
        {
            // A chain such as a + b + c is no deep recursion here, but as deep a tree as it is long.
            parser.FailDepth(expression.At);
        }

        error = parser._error;
        return error is null;
    }

    private Expression Conditional()
    {
        if (!Enter())
        {
            return Nothing;
        }

        var test = Or();
        var at = _token.At;
        if (Take("?"))
        {
            var then = Or();
            Expect(":");
            test = new Expression.Conditional(test, then, Conditional(), at);
        }

        _depth--;
        return test;
    }

    private Expression Or() => Chain("||", isAnd: false);

    private Expression Chain(string symbol, bool isAnd)
    {
        var first = isAnd ? Binary(Operators.RelationLevel) : Chain("&&", isAnd: true);
        if (!_token.Is(symbol))
        {
            return first;
        }

        var at = _token.At;
        var operands = ImmutableArray.CreateBuilder<Expression>();
        operands.Add(first);
        while (Take(symbol))
        {
            operands.Add(isAnd ? Binary(Operators.RelationLevel) : Chain("&&", isAnd: true));
        }

        return new Expression.Logical(isAnd, operands.DrainToImmutable(), at);
    }

    /// <summary>Relation, sum and product by precedence climbing: operators of at least the given level.</summary>
    private Expression Binary(int level)
    {
        var left = Unary();
        while (CurrentOperator() is { } binary && binary.Level() >= level)
        {
            var at = _token.At;
            Advance();
            left = new Expression.Binary(binary, left, Binary(binary.Level() + 1), at);
        }

        return left;
    }

    private BinaryOperator? CurrentOperator() =>
        _token.Kind == TokenKind.Symbol || _token.IsWord("in") ? Operators.Find(_token.Text) : null;

    private Expression Unary()
    {
        if (!_token.Is("!") && !_token.Is("-"))
        {
            return Member(Primary());
        }

        var sign = _token;
        Advance();
        if (sign.Is("-") && _token.Kind is TokenKind.Int or TokenKind.Double && _token.At == sign.At + 1)
        {
            return Member(Number(negative: true));
        }

        if (!Enter())
        {
            return Nothing;
        }

        var operand = Unary();
        _depth--;
        return new Expression.Unary(sign.Is("!") ? UnaryOperator.Not : UnaryOperator.Negate, operand, sign.At);
    }

    private Expression Member(Expression operand)
    {
        while (_token.Is(".") || _token.Is("[") || _token.Is("{"))
        {
            if (Take("."))
            {
                operand = Selection(operand);
            }
            else if (_token.Is("{"))
            {
                Fail(_token.At, "message literals are not part of the language; write a map such as {'name': value}");
            }
            else
            {
                operand = Subscript(operand);
            }
        }

        return operand;
    }

    private Expression Selection(Expression operand)
    {
        RefuseOptional();
        var name = _token;
        if (name.Kind is not (TokenKind.Identifier or TokenKind.QuotedIdentifier)
            || (name.Kind == TokenKind.Identifier && Words.IsLiteral(name.Text)))
        {
            Fail(name.At, $"expected the name of a member after '.', not {name.Describe()}");
            return operand;
        }

        Advance();
        if (name.Kind == TokenKind.QuotedIdentifier || !_token.Is("("))
        {
            return new Expression.Select(operand, name.Text, name.At);
        }

        var arguments = Arguments();
        if (operand is Expression.Identifier { Name: "cel" } && name.Text == "bind")
        {
            return Expanded(Macros.TryBind(arguments, name.At), name.At, Macros.BindUsage);
        }

        return Macros.TryExpand(operand, name.Text, arguments, name.At)
            ?? new Expression.Call(operand, name.Text, arguments, name.At);
    }

    private Expression.Index Subscript(Expression operand)
    {
        var at = _token.At;
        Advance();
        RefuseOptional();
        var key = Conditional();
        Expect("]");
        return new Expression.Index(operand, key, at);
    }

    private Expression Primary()
    {
        var token = _token;
        switch (token.Kind)
        {
            case TokenKind.Int or TokenKind.Uint or TokenKind.Double:
                return Number(negative: false);
            case TokenKind.String:
                Advance();
                return new Expression.Literal(CelValue.FromString(token.Text), token.At);
            case TokenKind.Bytes:
                Advance();
                return new Expression.Literal(CelValue.FromOctets(token.Octets!), token.At);
            case TokenKind.Identifier:
                return Name(rooted: false);
            case TokenKind.Symbol when token.Text == ".":
                Advance();
                return Name(rooted: true);
            case TokenKind.Symbol when token.Text == "(":
                Advance();
                var inner = Conditional();
                Expect(")");
                return inner;
            case TokenKind.Symbol when token.Text == "[":
                Advance();
                return new Expression.List(Items("]"), token.At);
            case TokenKind.Symbol when token.Text == "{":
                return Map();
            default:
                Fail(token.At, $"expected a value, not {token.Describe()}");
                return Nothing;
        }
    }

    private Expression.Literal Number(bool negative)
    {
        var token = _token;
        Advance();
        if (Literals.ReadNumber(token, negative) is { } value)
        {
            return new Expression.Literal(value, token.At);
        }

        Fail(token.At, $"the number {(negative ? "-" : "")}{token.Text} is out of range");
        return new Expression.Literal(CelValue.Null, token.At);
    }

    private Expression Name(bool rooted)
    {
        var name = _token;
        Advance();
        if (!rooted && name.Text is "true" or "false")
        {
            return new Expression.Literal(CelValue.FromBool(name.Text == "true"), name.At);
        }

        if (!rooted && name.Text == "null")
        {
            return new Expression.Literal(CelValue.Null, name.At);
        }

        if (name.Kind != TokenKind.Identifier || Words.IsLiteral(name.Text) || Words.IsReserved(name.Text))
        {
            Fail(name.At, $"expected a name, not {name.Describe()}");
            return Nothing;
        }

        if (!_token.Is("("))
        {
            return new Expression.Identifier(name.Text, rooted, name.At);
        }

        var arguments = Arguments();
        return name.Text == "has"
            ? Expanded(Macros.TryHas(arguments), name.At, Macros.HasUsage)
            : new Expression.Call(null, name.Text, arguments, name.At);
    }

    private Expression Expanded(Expression? expansion, int at, string usage)
    {
        if (expansion is null)
        {
            Fail(at, usage);
        }

        return expansion ?? Nothing;
    }

    private Expression.Map Map()
    {
        var at = _token.At;
        Advance();
        var entries = ImmutableArray.CreateBuilder<KeyValuePair<Expression, Expression>>();
        while (!_token.Is("}") && _error is null)
        {
            RefuseOptional();
            var key = Conditional();
            Expect(":");
            entries.Add(new(key, Conditional()));
            if (!Take(","))
            {
                break;
            }
        }

        Expect("}");
        return new Expression.Map(entries.DrainToImmutable(), at);
    }

    private ImmutableArray<Expression> Arguments()
    {
        Expect("(");
        return Items(")", allowTrailingComma: false);
    }

    private ImmutableArray<Expression> Items(string close, bool allowTrailingComma = true)
    {
        var items = ImmutableArray.CreateBuilder<Expression>();
        while (_error is null && !(_token.Is(close) && (allowTrailingComma || items.Count == 0)))
        {
            RefuseOptional();
            items.Add(Conditional());
            if (!Take(","))
            {
                break;
            }
        }

        Expect(close);
        return items.DrainToImmutable();
    }

    private void RefuseOptional()
    {
        if (_token.Is("?"))
        {
            Fail(_token.At, "optional values are not part of the language; test with has() first");
        }
    }

    private bool Enter()
    {
        if (++_depth <= _limits.Depth)
        {
            return true;
        }

        FailDepth(_token.At);
        return false;
    }

    private void FailDepth(int at) =>
        Fail(at, $"the expression is nested deeper than {_limits.Depth} levels; split it");

    private bool Take(string symbol)
    {
        if (!_token.Is(symbol))
        {
            return false;
        }

        Advance();
        return true;
    }

    private void Expect(string symbol)
    {
        if (!Take(symbol))
        {
            Fail(_token.At, $"expected '{symbol}', not {_token.Describe()}");
        }
    }

    private void Advance()
    {
        if (_error is not null)
        {
            return;
        }

        _token = _lexer.Next();
        if (_token.Kind == TokenKind.Invalid)
        {
            Fail(_token.At, _token.Text);
        }
    }

    private void Fail(int at, string message)
    {
        _error ??= CelError.At(_source, at, message);
        _token = new Token(TokenKind.End, at, "");
    }
}
