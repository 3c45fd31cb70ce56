using System.Collections.Immutable;
using System.Text;
using Countersign.Core.Policies.Cel.Runtime;

namespace Countersign.Core.Policies.Cel.Functions;

/// <summary>Functions that build strings (the strings extension of the reference implementation).</summary>
internal static class TextFunctions
{
    private static readonly CelType Strings = CelType.ListOf(CelType.String);

    public static readonly ImmutableArray<Overload> All =
    [
        Map("lowerAscii", static text => ToAscii(text, 'A', 'Z', 'a' - 'A')),
        Map("upperAscii", static text => ToAscii(text, 'a', 'z', 'A' - 'a')),
        Map("trim", static text => text.Trim()),
        Map("reverse", Reverse),
        Map("quote", Quote) with { Name = "strings.quote", IsMethod = false, Growth = Growth.Product },
        Method("split", [CelType.String, CelType.String], Strings, static (ref e, scoped a) =>
            Split(ref e, a[0].AsString, a[1].AsString, limit: -1)) with { Effort = Effort.Split },
        Method("split", [CelType.String, CelType.String, CelType.Int], Strings, static (ref e, scoped a) =>
            Split(ref e, a[0].AsString, a[1].AsString, a[2].AsInt)) with { Effort = Effort.Split },
        Method("join", [Strings], CelType.String, static (ref e, scoped a) => Join(ref e, a[0].AsList, "")) with
        {
            Effort = Effort.Result,
            Growth = Growth.Joined,
        },
        Method("join", [Strings, CelType.String], CelType.String, static (ref e, scoped a) =>
            Join(ref e, a[0].AsList, a[1].AsString)) with { Effort = Effort.Result, Growth = Growth.Joined },
        Replace([CelType.String, CelType.String, CelType.String]),
        Replace([CelType.String, CelType.String, CelType.String, CelType.Int]),
        Method("format", [CelType.String, Kinds.AnyList], CelType.String, static (ref e, scoped a) =>
            Formatting.Format(ref e, a[0].AsString, a[1].AsList)) with
        {
            Effort = Effort.Template,
            Growth = Growth.Limit,
        },
    ];

    private static Overload Method(
        string name, ImmutableArray<CelType> parameters, CelType result, Implementation body) =>
        new(name, parameters, result, body) { IsMethod = true, Growth = Growth.Sum };

    private static Overload Map(string name, Func<string, string> map) =>
        Method(name, [CelType.String], CelType.String, (ref e, scoped a) =>
            Texts.TryAllow(ref e, a[0].AsString.Length, out var refusal)
                ? CelValue.FromString(map(a[0].AsString))
                : refusal);

    private static Overload Replace(ImmutableArray<CelType> parameters) =>
        Method("replace", parameters, CelType.String, static (ref e, scoped a) =>
            Replace(ref e, a, a.Length == 4 ? a[3].AsInt : -1)) with
        {
            Effort = Effort.Replace,
            Growth = Growth.Product,
        };

    private static string ToAscii(string text, char first, char last, int shift) =>
        string.Create(text.Length, (text, first, last, shift), static (target, state) =>
        {
            for (var i = 0; i < target.Length; i++)
            {
                var c = state.text[i];
                target[i] = c >= state.first && c <= state.last ? (char)(c + state.shift) : c;
            }
        });

    private static string Reverse(string text)
    {
        var result = new StringBuilder(text.Length);
        for (var i = text.Length; i > 0;)
        {
            var length = i > 1 && char.IsLowSurrogate(text[i - 1]) && char.IsHighSurrogate(text[i - 2]) ? 2 : 1;
            i -= length;
            result.Append(text, i, length);
        }

        return result.ToString();
    }

    private static string Quote(string text)
    {
        var result = new StringBuilder("\"");
        foreach (var c in text)
        {
            var escaped = "\a\b\f\n\r\t\v\\\"".IndexOf(c, StringComparison.Ordinal);
            result.Append(escaped < 0 ? c.ToString() : "\\" + "abfnrtv\\\""[escaped]);
        }

        return result.Append('"').ToString();
    }

    private static CelValue Split(ref Evaluation evaluation, string text, string separator, long limit)
    {
        if (limit == 0)
        {
            return CelValue.FromList(CelList.Empty);
        }

        if (!evaluation.TryCharge(text.Length + 1) || !evaluation.TryChargeSearch(text.Length, separator.Length))
        {
            return CelValue.Error(CelFault.BudgetExhausted);
        }

        var count = limit < 0 || limit > int.MaxValue ? int.MaxValue : (int)limit;
        IReadOnlyList<string> parts = separator.Length == 0 ? Characters(text, count) : text.Split(separator, count);
        return parts.Count > CelLimits.Elements ? Texts.TooManyElements : CelValue.FromStrings(parts);
    }

    private static List<string> Characters(string text, int count)
    {
        var parts = new List<string>();
        for (var i = 0; i < text.Length;)
        {
            var length = parts.Count + 1 == count ? text.Length - i : CodePoints.LengthAt(text, i);
            parts.Add(text.Substring(i, length));
            i += length;
        }

        return parts;
    }

    private static CelValue Join(ref Evaluation evaluation, CelList parts, string separator)
    {
        var result = new StringBuilder();
        for (var i = 0; i < parts.Count; i++)
        {
            var part = parts[i];
            if (part.Kind != CelKind.String)
            {
                return CelValue.Error($"join takes strings, but element {i} is {part}");
            }

            if (!Texts.TryAllow(ref evaluation, (long)part.AsString.Length + separator.Length, out var refusal))
            {
                return refusal;
            }

            result.Append(i == 0 ? "" : separator).Append(part.AsString);
            if (result.Length > CelLimits.TextLength)
            {
                return Texts.TooLong;
            }
        }

        return CelValue.FromString(result.ToString());
    }

    private static CelValue Replace(ref Evaluation evaluation, scoped ReadOnlySpan<CelValue> arguments, long count)
    {
        var (text, old, fresh) = (arguments[0].AsString, arguments[1].AsString, arguments[2].AsString);
        if (!evaluation.TryChargeSearch(text.Length, old.Length))
        {
            return CelValue.Error(CelFault.BudgetExhausted);
        }

        var result = new StringBuilder();
        var position = 0;
        while (count != 0)
        {
            var found = position > text.Length ? -1 : text.IndexOf(old, position, StringComparison.Ordinal);
            if (found < 0)
            {
                break;
            }

            // An empty pattern matches before every code point and at the end.
            var skip = old.Length > 0 ? old.Length : found < text.Length ? CodePoints.LengthAt(text, found) : 1;
            if (!Texts.TryAllow(ref evaluation, (long)found - position + fresh.Length, out var refusal))
            {
                return refusal;
            }

            result.Append(text, position, found - position).Append(fresh);
            result.Append(old.Length == 0 && found < text.Length ? text.AsSpan(found, skip) : []);
            position = found + skip;
            count--;
            if (result.Length > CelLimits.TextLength)
            {
                return Texts.TooLong;
            }
        }

        result.Append(position < text.Length ? text.AsSpan(position) : []);
        return result.Length > CelLimits.TextLength ? Texts.TooLong : CelValue.FromString(result.ToString());
    }
}
