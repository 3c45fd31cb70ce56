using System.Globalization;

namespace Countersign.Tests.Policies.Cel;

/// <summary>
/// Random conditions of one type from a seed, over the facts of <see cref="PolicySchema"/>. Nearly all of them pass the
/// checker, so they reach what ill-typed ones never do; always the same for the same seed.
/// </summary>
internal sealed class RandomConditions(Random random)
{
    private const int Deepest = 3;

    private static readonly string[] Texts =
    [
        "''", "'a'", "'DROP'", "'é😀'", "'1h'", "'2026-01-01T00:00:00Z'", "'12'", "'-0.5'", "'(a|b)*'",
        "'Europe/Berlin'", "'%s %d'", "'0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef0123456789'",
    ];

    private static readonly string[] Numbers =
        ["0", "1", "-1", "7", "64", "9223372036854775807", "-9223372036854775808"];
    private static readonly string[] Patterns = ["'a'", "'^(a|b)*$'", "'[0-9]{1,3}'", "'(?i)drop'", "'(x{9}){9}'"];
    private static readonly string[] TimeParts = ["getHours", "getMonth", "getDayOfWeek", "getMilliseconds"];

    private readonly List<(string Name, char Type)> _locals = [];

    public string Condition() => Of('b', Deepest);

    /// <summary>b: bool, i: int, d: double, s: string, l: list(string), t: timestamp, u: duration, y: dyn.</summary>
    private string Of(char type, int depth)
    {
        var locals = _locals.Where(local => local.Type == type).ToList();
        if (locals.Count > 0 && random.Next(3) == 0)
        {
            return Pick(locals).Name;
        }

        if (random.Next(16) == 0)
        {
            return Bind(type, depth);
        }

        return type switch
        {
            'b' => depth == 0 ? Pick(["true", "sql.read_only", "has(sql.verbs)", "has(action.arguments.a)"])
                : Bool(depth),
            'i' => depth == 0 ? Pick([.. Numbers, "action.bytes"]) : Int(depth),
            'd' => depth == 0 ? Pick(["1.5", "-0.0", "1e300", "double('NaN')"]) : Double(depth),
            's' => depth == 0 ? Pick([.. Texts, "action.gate", "target.environment"]) : Text(depth),
            'l' => depth == 0 ? Pick(["[]", "['a', 'DROP']", "sql.verbs", "sql.reads"]) : List(depth),
            't' => depth == 0 ? "timestamp('2026-07-01T12:00:00.5Z')"
                : $"({Of('t', depth - 1)} + {Of('u', depth - 1)})",
            'u' => depth == 0 ? "duration('1h30m')" : $"({Of('t', depth - 1)} - {Of('t', depth - 1)})",
            _ => depth == 0 ? "action.arguments" : Dynamic(depth),
        };
    }

    private string Bind(char type, int depth)
    {
        var kind = Pick("bidslu".ToCharArray());
        var value = Of(kind, Math.Max(0, depth - 1));
        return Scoped(kind, name => $"cel.bind({name}, {value}, {Of(type, Math.Max(0, depth - 1))})");
    }

    private string Scoped(char type, Func<string, string> write)
    {
        var name = $"v{_locals.Count.ToString(CultureInfo.InvariantCulture)}";
        _locals.Add((name, type));
        var text = write(name);
        _locals.RemoveAt(_locals.Count - 1);
        return text;
    }

    private string Bool(int depth)
    {
        string Sub(char type) => Of(type, depth - 1);
        var kind = Pick("idsltu".ToCharArray());
        return random.Next(14) switch
        {
            0 => $"({Sub('b')} && {Sub('b')} || {Sub('b')})",
            1 => $"!({Sub('b')})",
            2 => $"({Sub('b')} ? {Sub('b')} : {Sub('b')})",
            3 => $"{Sub(kind)} {Pick(["==", "!="])} {Sub(kind)}",
            4 => Compare(Pick("idstu".ToCharArray()), depth),
            5 => $"{Sub('s')} in {Sub('l')}",
            6 => Over(depth, (list, v) => $"{list}.{Pick(["all", "exists", "exists_one"])}({v}, {Sub('b')})"),
            7 => $"{Sub('s')}.{Pick(["contains", "startsWith", "endsWith"])}({Sub('s')})",
            8 => $"{Sub('s')}.matches({Pick(Patterns)})",
            9 => $"{Sub('s')}.matches({(random.Next(8) == 0 ? Sub('s') : Pick(Patterns))})",
            10 => $"calendar.frozen({Sub('s')})",
            11 => $"{Sub('y')} == {Sub(kind)}",
            12 => $"bool({Sub('y')})",
            _ => $"{Sub('s')} in {{{Sub('s')}: 1}}",
        };
    }

    private string Compare(char type, int depth) =>
        $"{Of(type, depth - 1)} {Pick(["<", "<=", ">", ">="])} {Of(type, depth - 1)}";

    private string Int(int depth)
    {
        string Sub(char type) => Of(type, depth - 1);
        return random.Next(10) switch
        {
            0 or 1 => $"({Sub('i')} {Pick(["+", "-", "*", "/", "%"])} {Sub('i')})",
            2 => $"size({Sub(Pick("sl".ToCharArray()))})",
            3 => $"int({Sub(Pick("idst".ToCharArray()))})",
            4 => $"{Sub('s')}.{Pick(["indexOf", "lastIndexOf"])}({Sub('s')})",
            5 => $"math.{Pick(["greatest", "least", "bitAnd", "bitShiftLeft"])}({Sub('i')}, {Sub('i')})",
            6 => $"history.count({Sub(Pick("su".ToCharArray()))})",
            7 => $"{Sub('t')}.{Pick(TimeParts)}()",
            8 => $"{Sub('t')}.{Pick(TimeParts)}({Pick(["'Europe/Berlin'", "'-03:30'", Sub('s')])})",
            _ => $"lists.range({Sub('i')}).size()",
        };
    }

    private string Double(int depth) => random.Next(3) switch
    {
        0 => $"({Of('d', depth - 1)} {Pick(["+", "-", "*", "/"])} {Of('d', depth - 1)})",
        1 => $"double({Of(Pick("is".ToCharArray()), depth - 1)})",
        _ => $"math.{Pick(["sqrt", "ceil", "trunc"])}({Of('d', depth - 1)})",
    };

    private string Text(int depth)
    {
        string Sub(char type) => Of(type, depth - 1);
        return random.Next(12) switch
        {
            0 or 1 => $"({Sub('s')} + {Sub('s')})",
            2 => $"string({Sub(Pick("idstu".ToCharArray()))})",
            3 => $"{Sub('s')}.{Pick(["lowerAscii", "upperAscii", "trim", "reverse"])}()",
            4 => $"{Sub('s')}.substring({Sub('i')})",
            5 => $"{Sub('s')}.charAt({Sub('i')})",
            6 => $"{Sub('s')}.replace({Sub('s')}, {Sub('s')})",
            7 => $"{Sub('l')}.join({Sub('s')})",
            8 => $"{Pick(["'%s'", "'%s %s'", "'%d'", "'%.3f'", "'%x'"])}.format([{Sub('s')}, {Sub('i')}])",
            9 => $"strings.quote({Sub('s')})",
            10 => $"base64.encode(bytes({Sub('s')}))",
            _ => $"string(base64.decode({Sub('s')}))",
        };
    }

    private string List(int depth)
    {
        string Sub(char type) => Of(type, depth - 1);
        return random.Next(10) switch
        {
            0 => $"({Sub('l')} + {Sub('l')})",
            1 => $"[{Sub('s')}, {Sub('s')}]",
            2 => $"{Sub('s')}.split({Sub('s')})",
            3 => $"{Sub('l')}.{Pick(["sort", "distinct", "reverse"])}()",
            4 => $"{Sub('l')}.slice({Sub('i')}, {Sub('i')})",
            5 => $"[{Sub('l')}, {Sub('l')}].flatten()",
            6 => Over(depth, (list, v) => $"{list}.filter({v}, {Sub('b')})"),
            7 => Over(depth, (list, v) => $"{list}.map({v}, {Sub('b')}, {Sub('s')})"),
            8 => Over(depth, (list, v) => $"{list}.sortBy({v}, {Sub(Pick("is".ToCharArray()))})"),
            _ => Over(depth, (list, v) => $"{list}.transformMap(i, {v}, {Sub('s')}).map(k, string(k))"),
        };
    }

    private string Over(int depth, Func<string, string, string> write)
    {
        var list = Of('l', depth - 1);
        return Scoped('s', name => write(list, name));
    }

    private string Dynamic(int depth) => random.Next(4) switch
    {
        0 => $"{Of('y', depth - 1)}.{Pick(["a", "b", "name"])}",
        1 => $"{Of('y', depth - 1)}[{Of(Pick("is".ToCharArray()), depth - 1)}]",
        2 => $"dyn({Of(Pick("bidsl".ToCharArray()), depth - 1)})",
        _ => $"({Of('b', depth - 1)} ? {Of('y', depth - 1)} : dyn({Of('s', depth - 1)}))",
    };

    private T Pick<T>(IReadOnlyList<T> choices) => choices[random.Next(choices.Count)];
}
