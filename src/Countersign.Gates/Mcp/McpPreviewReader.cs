using System.Collections.Immutable;
using System.Text.Json;
using Countersign.Core.Actions;
using Countersign.Core.Actions.Json;
using Countersign.Gates.Mcp.Wire;

namespace Countersign.Gates.Mcp;

/// <summary>
/// Reads what a preview tool answered: the members of a preview by their names (DESIGN section 6.3), in
/// <c>structuredContent</c> or as the one text. Other members are ignored. A member of the wrong type makes all of it
/// unknown, because half a preview would be a guess.
/// </summary>
internal static class McpPreviewReader
{
    /// <summary>Longest text of a preview in characters; people have to read it.</summary>
    public const int LongestText = 2_000;

    /// <summary>Longest list of a preview; rules take no longer ones either.</summary>
    public const int LongestList = 256;

    private static readonly JsonLimits Limits = new() { Bytes = 1024 * 1024 };

    public static Preview Read(string tool, RpcMessage.Response answer)
    {
        try
        {
            using var document = JsonDocument.Parse(
                DocumentOf(answer).Bytes, new JsonDocumentOptions { MaxDepth = Limits.Depth + 1 });
            return Read(document.RootElement);
        }
        catch (FormatException unusable)
        {
            return Preview.Failed($"The preview tool '{tool}' {unusable.Message}.");
        }
    }

    private static Preview Read(JsonElement json)
    {
        if (TextOf(json, "error") is { Length: > 0 } error)
        {
            // What a tool says besides an error is not what would happen.
            return Preview.Failed(error) with { Summary = TextOf(json, "summary") ?? "" };
        }

        var preview = new Preview(TextOf(json, "summary") ?? "")
        {
            Rows = NumberOf(json, "rows"),
            Exact = FlagOf(json, "exact"),
            Cascades = CascadesOf(json),
            Locks = TextsOf(json, "locks"),
            Effects = TextsOf(json, "effects"),
            Reversible = FlagOf(json, "reversible"),
            Bytes = NumberOf(json, "bytes"),
        };
        return SaysNothing(preview)
            ? throw new FormatException("answered with none of the members that a preview has")
            : preview;
    }

    private static bool SaysNothing(Preview preview) => preview is
    {
        Summary: "", Rows: null, Exact: null, Cascades: null, Locks.IsEmpty: true, Effects.IsEmpty: true,
        Reversible: null, Bytes: null,
    };

    /// <summary>The object that holds the preview, strictly read: no member may stand in it twice.</summary>
    private static CanonicalJson DocumentOf(RpcMessage.Response answer)
    {
        if (answer.Error is { } error)
        {
            throw new FormatException($"was answered with {Rpc.Describe(error).TrimEnd('.')}");
        }

        if (answer.Result is not { } result || !RawObject.TryRead(result, out var members))
        {
            throw new FormatException("answered with a result that is no object");
        }

        if (members.Find("isError") is { } flag && flag.Span.SequenceEqual("true"u8))
        {
            throw new FormatException("reported an error");
        }

        if (members.FindText("resultType") is { } kind and not "complete")
        {
            throw new FormatException($"answered with '{kind}' instead of a result");
        }

        var bytes = StructureOf(members) ?? ContentOf(members);
        return CanonicalJson.TryCanonicalize(bytes.Span, Limits, out var json, out var refusal)
            && json.Bytes.Span[0] == (byte)'{'
            ? json
            : throw new FormatException(
                $"answered with something that is no JSON object ({refusal?.Message ?? "it is another value"})");
    }

    private static ReadOnlyMemory<byte>? StructureOf(RawObject result) =>
        result.Find("structuredContent") is { } structure && !structure.Span.SequenceEqual("null"u8)
            ? (ReadOnlyMemory<byte>?)structure
            : null;

    private static ReadOnlyMemory<byte> ContentOf(RawObject result)
    {
        var items = result.Find("content") is { } list ? RawObject.Elements(list).Take(2).ToList() : [];
        return items is [var only]
            && RawObject.TryRead(only, out var item)
            && item.FindText("type") == "text"
            && item.FindText("text") is { } text
            ? System.Text.Encoding.UTF8.GetBytes(text)
            : throw new FormatException("answered with neither structuredContent nor one text");
    }

    private static JsonElement? Find(JsonElement json, string name) =>
        json.TryGetProperty(name, out var value) && value.ValueKind != JsonValueKind.Null ? value : null;

    private static long? NumberOf(JsonElement json, string name) => Find(json, name) switch
    {
        null => null,
        { ValueKind: JsonValueKind.Number } value when value.TryGetInt64(out var number) && number >= 0 => number,
        _ => throw Wrong(name, $"a whole number from 0 to {long.MaxValue}"),
    };

    private static bool? FlagOf(JsonElement json, string name) => Find(json, name) switch
    {
        null => null,
        { ValueKind: JsonValueKind.True } => true,
        { ValueKind: JsonValueKind.False } => false,
        _ => throw Wrong(name, "true or false"),
    };

    private static string? TextOf(JsonElement json, string name) =>
        Find(json, name) is { } value ? Checked(value, name) : null;

    private static string Checked(JsonElement value, string name) =>
        value.ValueKind == JsonValueKind.String && value.GetString() is { Length: <= LongestText } text
            ? text
            : throw Wrong(name, $"a text of at most {LongestText} characters");

    private static ImmutableArray<string> TextsOf(JsonElement json, string name) =>
        ListOf(json, name, item => Checked(item, name)) ?? [];

    private static ImmutableArray<Cascade>? CascadesOf(JsonElement json) => ListOf(json, "cascades", item =>
        item.ValueKind == JsonValueKind.Object
        && TextOf(item, "relation") is { } relation
        && NumberOf(item, "rows") is { } rows
            ? new Cascade(relation, rows)
            : throw Wrong("cascades", "a list of { relation, rows }"));

    private static ImmutableArray<T>? ListOf<T>(JsonElement json, string name, Func<JsonElement, T> read) =>
        Find(json, name) switch
        {
            null => null,
            { ValueKind: JsonValueKind.Array } list when list.GetArrayLength() <= LongestList =>
                [.. list.EnumerateArray().Select(read)],
            _ => throw Wrong(name, $"a list of at most {LongestList}"),
        };

    private static FormatException Wrong(string name, string what) =>
        new($"answered with a '{name}' that is not {what}");
}
