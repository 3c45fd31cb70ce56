using System.Text.Json;
using Countersign.Core.Policies.Cel;

namespace Countersign.Tests.Policies.Cel;

/// <summary>
/// Random values for the facts of <see cref="PolicySchema"/>: well-typed, missing, failed, of a wrong type, too large.
/// </summary>
internal static class RandomFrames
{
    private static readonly string[] Texts =
        ["", "a", "DROP", "production", "é😀", "\ud800", "1h", "12", new string('a', 200), new string('x', 4_096)];

    private static readonly CelValue[] Oddities =
    [
        default, CelValue.Null, CelValue.Error("lost"),
        CelValue.FromInt(long.MinValue), CelValue.FromDouble(double.NaN),
        CelValue.FromString(new string('y', 5_000)), CelValue.FromList([CelValue.Null, CelValue.FromInt(1)]),
    ];

    private static readonly CelValue[] Documents = [.. ((string[])
    [
        "{}", "[]", "null", "1.5", "\"text\"",
        """{"a": {"b": [1, 2.5, null, {"name": "é"}]}, "name": "DROP", "b": true}""",
        """{"a": "12", "b": {"a": {"a": {}}}, "name": ["DROP", "a", "é😀"]}""",
    ]).Select(json => CelValue.FromJson(JsonElement.Parse(json)))];

    public static FactFrame Next(Random random)
    {
        var frame = new FactFrame(PolicySchema.Schema);
        Set(PolicySchema.Gate, () => CelValue.FromString(Pick(Texts)));
        Set(PolicySchema.Environment, () => CelValue.FromString(Pick(Texts)));
        Set(PolicySchema.Bytes, () => CelValue.FromInt(Pick<long>([0, 1, 64, 900, long.MaxValue, random.NextInt64()])));
        Set(PolicySchema.ReadOnly, () => CelValue.FromBool(random.Next(2) == 0));
        Set(PolicySchema.Arguments, () => Pick(Documents));
        Set(PolicySchema.Verbs, () => Strings(64, Texts[..7]));
        Set(PolicySchema.Reads, () => Strings(random.Next(100) == 0 ? 1_000 : 5, Texts));
        if (random.Next(4) != 0)
        {
            var frozen = Value(static () => CelValue.True);
            frame.Bind(PolicySchema.Frozen, _ => frozen);
            frame.Bind(PolicySchema.CountText, arguments => CelValue.FromInt(arguments[0].AsString.Length));
            frame.Bind(PolicySchema.CountTime, static _ => throw new InvalidOperationException("the host failed"));
        }

        return frame;

        void Set(Fact fact, Func<CelValue> usual) => frame.Set(fact, Value(usual));
        CelValue Value(Func<CelValue> usual) => random.Next(10) == 0 ? Pick(Oddities) : usual();
        T Pick<T>(IReadOnlyList<T> choices) => choices[random.Next(choices.Count)];
        CelValue Strings(int most, string[] texts) =>
            CelValue.FromStrings([.. Enumerable.Range(0, random.Next(most + 1)).Select(_ => Pick(texts))]);
    }
}
