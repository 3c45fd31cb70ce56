using System.Buffers;
using System.Diagnostics.CodeAnalysis;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace Countersign.Gates.Mcp.Wire;

/// <summary>
/// A JSON object as its members' raw bytes, in their order: what nobody here understands passes through unchanged, and
/// only what must change is written anew.
/// </summary>
internal sealed class RawObject
{
    /// <summary>Deepest JSON that is read; the strict reader at the door has usually set a lower limit.</summary>
    public const int MaxDepth = 512;

    private static readonly JsonWriterOptions Plain = new()
    {
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
        SkipValidation = true,
    };

    private readonly List<KeyValuePair<string, ReadOnlyMemory<byte>>> _members;

    private RawObject(List<KeyValuePair<string, ReadOnlyMemory<byte>>> members) => _members = members;

    public static RawObject Empty { get; } = new([]);

    public IEnumerable<KeyValuePair<string, ReadOnlyMemory<byte>>> Members => _members;

    /// <summary>Reads one object; the members are slices of <paramref name="json"/>, not copies.</summary>
    public static bool TryRead(ReadOnlyMemory<byte> json, [NotNullWhen(true)] out RawObject? result)
    {
        try
        {
            result = Read(json);
        }
        catch (Exception unreadable) when (unreadable is JsonException or InvalidOperationException)
        {
            // The second is what the reader says to text that is no text, such as half a surrogate pair.
            result = null;
        }

        return result is not null;
    }

    /// <summary>An object of these members, also where two have one name.</summary>
    public static RawObject Of(IEnumerable<KeyValuePair<string, ReadOnlyMemory<byte>>> members) => new([.. members]);

    /// <summary>The elements of an array as slices; empty when it is not an array.</summary>
    public static IEnumerable<ReadOnlyMemory<byte>> Elements(ReadOnlyMemory<byte> json)
    {
        var elements = new List<ReadOnlyMemory<byte>>();
        var reader = ReaderOf(json);
        if (reader.Read() && reader.TokenType == JsonTokenType.StartArray)
        {
            while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
            {
                elements.Add(Slice(json, ref reader));
            }
        }

        return elements;
    }

    public ReadOnlyMemory<byte>? Find(string name)
    {
        foreach (var (member, value) in _members)
        {
            if (member == name)
            {
                return value;
            }
        }

        return null;
    }

    /// <summary>The member as text, when it is a string.</summary>
    public string? FindText(string name) => Find(name) is { } value ? TextOf(value) : null;

    /// <summary>The member as an object, when it is one.</summary>
    public RawObject? FindObject(string name) =>
        Find(name) is { } value && TryRead(value, out var inner) ? inner : null;

    /// <summary>This object with the member set; it keeps its place if it had one.</summary>
    public RawObject With(string name, ReadOnlyMemory<byte> value)
    {
        var members = new List<KeyValuePair<string, ReadOnlyMemory<byte>>>(_members);
        var place = members.FindIndex(member => member.Key == name);
        var added = KeyValuePair.Create(name, value);
        if (place < 0)
        {
            members.Add(added);
        }
        else
        {
            members[place] = added;
        }

        return new RawObject(members);
    }

    public RawObject Without(params string[] names) =>
        new(_members.FindAll(member => !names.Contains(member.Key, StringComparer.Ordinal)));

    public byte[] ToBytes()
    {
        var output = new ArrayBufferWriter<byte>(256);
        using (var json = new Utf8JsonWriter(output, Plain))
        {
            json.WriteStartObject();
            foreach (var (name, value) in _members)
            {
                json.WritePropertyName(name);
                json.WriteRawValue(value.Span, skipInputValidation: true);
            }

            json.WriteEndObject();
        }

        return output.WrittenSpan.ToArray();
    }

    /// <summary>The text of a JSON string; <c>null</c> when it is something else, or holds what is no text.</summary>
    public static string? TextOf(ReadOnlyMemory<byte> json)
    {
        var reader = ReaderOf(json);
        try
        {
            return reader.Read() && reader.TokenType == JsonTokenType.String ? reader.GetString() : null;
        }
        catch (InvalidOperationException)
        {
            return null;
        }
    }

    /// <summary>A JSON string of the text.</summary>
    public static byte[] Quote(string text) =>
        Encoding.UTF8.GetBytes($"\"{JsonEncodedText.Encode(text, JavaScriptEncoder.UnsafeRelaxedJsonEscaping)}\"");

    /// <summary>An array of raw values.</summary>
    public static byte[] Array(IEnumerable<ReadOnlyMemory<byte>> elements)
    {
        var output = new ArrayBufferWriter<byte>(1024);
        using (var json = new Utf8JsonWriter(output, Plain))
        {
            json.WriteStartArray();
            foreach (var element in elements)
            {
                json.WriteRawValue(element.Span, skipInputValidation: true);
            }

            json.WriteEndArray();
        }

        return output.WrittenSpan.ToArray();
    }

    private static RawObject? Read(ReadOnlyMemory<byte> json)
    {
        var reader = ReaderOf(json);
        if (!reader.Read() || reader.TokenType != JsonTokenType.StartObject)
        {
            return null;
        }

        var members = new List<KeyValuePair<string, ReadOnlyMemory<byte>>>();
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            var name = reader.GetString()!;
            reader.Read();
            members.Add(KeyValuePair.Create(name, Slice(json, ref reader)));
        }

        // Anything after the object is an error that only a further read reports.
        return reader.Read() ? null : new RawObject(members);
    }

    private static ReadOnlyMemory<byte> Slice(ReadOnlyMemory<byte> json, ref Utf8JsonReader reader)
    {
        var start = (int)reader.TokenStartIndex;
        reader.Skip();
        return json[start..(int)reader.BytesConsumed];
    }

    private static Utf8JsonReader ReaderOf(ReadOnlyMemory<byte> json) =>
        new(json.Span, new JsonReaderOptions { MaxDepth = MaxDepth });
}
