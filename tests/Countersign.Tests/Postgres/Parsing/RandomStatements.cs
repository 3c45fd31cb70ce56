using System.Globalization;

namespace Countersign.Tests.Postgres.Parsing;

/// <summary>
/// Statements made by chance after PostgreSQL's grammar. Structure, constants and space have sources of chance of their
/// own, so that the same structure can be had with other constants.
/// </summary>
internal sealed class RandomStatements(int structure, int constants, int space)
{
    private const int MostDepth = 4;

    private static readonly string[] s_names =
        ["a", "B", "orders", "\"Quoted\"", "\"a\"\"b\"", "é", "_x$1", "s.t", "begin", "atomic", "U&\"\\0061\""];

    private static readonly string[] s_operators =
        ["+", "-", "*", "/", "=", "<>", "!=", ">=", "||", "->>", "@>", "~~*", "&&", "#-", "?|", "^", "%", "@-"];

    private static readonly string[] s_types = ["int", "date", "regclass", "numeric(10, 2)", "text[]", "s.dom"];

    private static readonly string[] s_spaces =
        [" ", "  ", "\n", "\t", "\r\n", "\f", " /* c; */ ", " /* /* */ */ ", " -- c;\n"];

    private readonly Random _structure = new(structure);
    private readonly Random _constants = new(constants);
    private readonly Random _space = new(space);

    public string Statement() => _structure.Next(14) switch
    {
        0 => $"INSERT{S}INTO{S}{Name}{S}(a, b) VALUES{S}({Constant}, {Constant})",
        1 => $"UPDATE{S}{Name}{S}SET{S}a{S}={S}{Expression()}{S}WHERE{S}{Expression()}",
        2 => $"DELETE{S}FROM{S}{Name}{S}WHERE{S}{Expression()}",
        3 => $"WITH{S}d{S}AS{S}({Select(0)}){S}{Select(0)}",
        4 => $"EXPLAIN{S}{Select(0)}",
        5 => $"COPY{S}({Select(0)}){S}TO{S}STDOUT",
        6 => $"PREPARE{S}p{S}AS{S}{Select(0)}",
        7 => $"SET{S}a.b{S}={S}{Constant}",
        8 => $"CREATE{S}TABLE{S}x{S}AS{S}{Select(0)}",
        9 => $"CREATE{S}FUNCTION{S}f(){S}RETURNS{S}int{S}BEGIN{S}ATOMIC{S}{Select(0)};{S}{Select(0)};{S}END",
        _ => Select(0),
    };

    /// <summary>A query without positions in which a constant's value matters.</summary>
    public string Plain() => _structure.Next(3) switch
    {
        0 => $"SELECT{S}{Name}{S}FROM{S}{Name}{S}WHERE{S}{PlainExpression(0)}{S}LIMIT{S}{Number}",
        1 => $"UPDATE{S}{Name}{S}SET{S}a{S}={S}{PlainExpression(0)}{S}WHERE{S}{PlainExpression(0)}",
        _ => $"INSERT{S}INTO{S}{Name}{S}VALUES{S}({Number},{S}{Text},{S}{PlainExpression(0)})",
    };

    private string S => s_spaces[_space.Next(_space.Next(3) == 0 ? s_spaces.Length : 1)];

    private string Name => s_names[_structure.Next(s_names.Length)];

    private string Number => _constants.Next(0, 1_000_000).ToString(CultureInfo.InvariantCulture);

    private string Text => Quoted(_constants.Next(0, 1000).ToString(CultureInfo.InvariantCulture));

    private string Constant => _structure.Next(8) switch
    {
        0 => $"{Number}.{Number}",
        1 => $"E'{Number}\\'\\\\'",
        2 => $"$q${Number};$${Number}$q$",
        3 => $"'{Number}'\n  '{Number}'",
        4 => $"U&'\\0061{Number}'",
        5 => $"{Number}e5",
        6 => Number,
        _ => Text,
    };

    private string Quoted(string value) => _constants.Next(3) switch
    {
        0 => $"'{value}'",
        1 => $"'it''s; -- {value} /*'",
        _ => $"'é{value}'",
    };

    private string Select(int depth) => _structure.Next(6) switch
    {
        0 when depth < MostDepth => $"SELECT{S}{Expression(depth)}{S}UNION{S}ALL{S}{Select(depth + 1)}",
        1 => $"SELECT{S}{Expression(depth)}{S}AS{S}case",
        2 => $"SELECT{S}{Name}{S}FROM{S}{Name}{S}ORDER{S}BY{S}1{S}LIMIT{S}{Number}",
        3 => $"SELECT{S}*{S}FROM{S}{Name}{S}x{S}JOIN{S}{Name}{S}y{S}ON{S}{Expression(depth)}",
        4 => $"VALUES{S}({Constant},{S}{Constant})",
        _ => $"SELECT{S}{Expression(depth)},{S}{Expression(depth)}{S}FROM{S}{Name}{S}WHERE{S}{Expression(depth)}",
    };

    private string Expression(int depth = 0) => (depth >= MostDepth ? _structure.Next(4) : _structure.Next(14)) switch
    {
        0 => Constant,
        1 => Name,
        2 => $"${_structure.Next(1, 9)}",
        3 => $"-{Number}",
        4 => $"({Expression(depth + 1)}){S}{Operator}{S}({Expression(depth + 1)})",
        5 => $"{Name}{S}||{S}{Constant}||{Name}{S}+{Number}*-{Number}",
        6 => $"({Expression(depth + 1)})",
        7 => $"f({Expression(depth + 1)},{S}{Constant})",
        8 => $"({Expression(depth + 1)})::{s_types[_structure.Next(s_types.Length)]}",
        9 => $"CASE{S}WHEN{S}{Expression(depth + 1)}{S}THEN{S}{Constant}{S}ELSE{S}{Expression(depth + 1)}{S}END",
        10 => $"({Select(depth + 1)})",
        11 => $"a{S}IN{S}({Constant},{S}{Constant})",
        12 => $"(ARRAY[{Expression(depth + 1)},{S}{Constant}])[1:2]",
        _ => $"({Expression(depth + 1)}){S}AND{S}NOT{S}({Expression(depth + 1)})",
    };

    private string Operator => s_operators[_structure.Next(s_operators.Length)];

    private string PlainExpression(int depth) => (depth >= MostDepth ? _structure.Next(3) : _structure.Next(8)) switch
    {
        0 => Number,
        1 => $"({Text})",
        2 => Name,
        3 => $"({PlainExpression(depth + 1)}){S}={S}{Text}",
        4 => $"({PlainExpression(depth + 1)})",
        5 => $"a{S}IN{S}({Number},{S}{Number})",
        6 => $"CASE{S}WHEN{S}{PlainExpression(depth + 1)}{S}THEN{S}{Text}{S}END",
        _ => $"{PlainExpression(depth + 1)}{S}AND{S}{PlainExpression(depth + 1)}",
    };
}
