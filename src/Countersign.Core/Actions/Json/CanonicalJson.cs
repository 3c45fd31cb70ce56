using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;
using System.Text.Json;

namespace Countersign.Core.Actions.Json;

/// <summary>
/// A JSON value in the canonical form of RFC 8785; whoever holds one knows that its bytes are canonical. Integer
/// literals beyond 2^53-1 keep their digits, where RFC 8785 would round them to a double.
/// </summary>
public sealed class CanonicalJson
{
    private static readonly UTF8Encoding StrictUtf8 =
        new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    private readonly byte[] _bytes;

    private CanonicalJson(byte[] bytes) => _bytes = bytes;

    /// <summary>The value null.</summary>
    public static CanonicalJson Null { get; } = new("null"u8.ToArray());

    /// <summary>The canonical UTF-8 bytes: what is hashed, stored and sent.</summary>
    public ReadOnlyMemory<byte> Bytes => _bytes;

    /// <summary>
    /// Reads untrusted UTF-8 strictly; what is ambiguous, malformed or over a limit gives a refusal instead.
    /// </summary>
    public static bool TryCanonicalize(
        ReadOnlySpan<byte> utf8,
        JsonLimits limits,
        [NotNullWhen(true)] out CanonicalJson? canonical,
        [NotNullWhen(false)] out JsonRefusal? refusal)
    {
        byte[]? bytes = new CanonicalReader(utf8, limits).Read(out refusal);
        canonical = bytes is null ? null : new CanonicalJson(bytes);
        return canonical is not null;
    }

    /// <summary>
    /// A string; a lone surrogate in it is an <see cref="ArgumentException"/>, since no UTF-8 can carry it.
    /// </summary>
    public static CanonicalJson Of(string text)
    {
        var output = new OutputBuffer(text.Length + 2);
        JsonText.AppendQuoted(output, StrictUtf8.GetBytes(text));
        return new CanonicalJson(output.Written.ToArray());
    }

    /// <summary>An integer with all its digits.</summary>
    public static CanonicalJson Of(long number) =>
        new(Encoding.ASCII.GetBytes(number.ToString(CultureInfo.InvariantCulture)));

    /// <summary>true or false.</summary>
    public static CanonicalJson Of(bool value) => new(value ? "true"u8.ToArray() : "false"u8.ToArray());

    /// <summary>An array of the elements in the given order.</summary>
    public static CanonicalJson ArrayOf(IEnumerable<CanonicalJson> elements)
    {
        var output = new OutputBuffer(64);
        output.Append((byte)'[');
        foreach (CanonicalJson element in elements)
        {
            AppendSeparator(output);
            output.Append(element._bytes);
        }

        output.Append((byte)']');
        return new CanonicalJson(output.Written.ToArray());
    }

    /// <summary>
    /// The value of one member when this is an object that has it; it shares no bytes with this value.
    /// </summary>
    public bool TryGetMember(string name, [NotNullWhen(true)] out CanonicalJson? value)
    {
        value = null;

        // The reader has checked the depth already, with a limit that may be larger than the parser's own.
        using JsonDocument document = JsonDocument.Parse(_bytes, new JsonDocumentOptions { MaxDepth = int.MaxValue });
        if (document.RootElement.ValueKind == JsonValueKind.Object
            && document.RootElement.TryGetProperty(name, out JsonElement element))
        {
            value = new CanonicalJson(JsonMarshal.GetRawUtf8Value(element).ToArray());
        }

        return value is not null;
    }

    /// <summary>The members of an object in their canonical order; none of another value.</summary>
    public IReadOnlyList<KeyValuePair<string, CanonicalJson>> Members()
    {
        using JsonDocument document = JsonDocument.Parse(_bytes, new JsonDocumentOptions { MaxDepth = int.MaxValue });
        return document.RootElement.ValueKind != JsonValueKind.Object
            ? []
            : [.. document.RootElement.EnumerateObject().Select(member => KeyValuePair.Create(
                member.Name, new CanonicalJson(JsonMarshal.GetRawUtf8Value(member.Value).ToArray())))];
    }

    /// <summary>The canonical text.</summary>
    public override string ToString() => Encoding.UTF8.GetString(_bytes);

    internal static CanonicalJson ObjectOf(IEnumerable<KeyValuePair<string, CanonicalJson>> sortedMembers)
    {
        var output = new OutputBuffer(256);
        output.Append((byte)'{');
        foreach ((string name, CanonicalJson value) in sortedMembers)
        {
            AppendSeparator(output);
            JsonText.AppendQuoted(output, StrictUtf8.GetBytes(name));
            output.Append((byte)':');
            output.Append(value._bytes);
        }

        output.Append((byte)'}');
        return new CanonicalJson(output.Written.ToArray());
    }

    private static void AppendSeparator(OutputBuffer output)
    {
        if (output.Length > 1)
        {
            output.Append((byte)',');
        }
    }
}
