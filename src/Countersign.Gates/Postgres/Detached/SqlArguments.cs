using System.Buffers.Binary;
using System.Collections.Immutable;
using System.Text;
using System.Text.Json;
using Countersign.Core.Actions.Json;

namespace Countersign.Gates.Postgres.Detached;

/// <summary>
/// A statement as a request over the API has it, and as the action has it that became of the request: its text, its
/// parameters as people see them, and their types.
/// </summary>
/// <param name="Text">One statement or several.</param>
/// <param name="Values">A string, <c>null</c>, or <c>{"binary": hex}</c> for a value in its type's binary form.</param>
/// <param name="Types">OIDs; none leaves them to the server.</param>
internal sealed record SqlArguments(string Text, ImmutableArray<CanonicalJson> Values, ImmutableArray<uint> Types)
{
    private const string Binary = "binary";

    private const string WrongValue =
        "A parameter is a text, a number, true, false or null; anything else is written as the text that PostgreSQL " +
        "reads for its type.";

    private const string WrongType =
        "A type is written as in 'types' of other statements: integer, bigint, text, boolean, numeric, uuid, date, " +
        "timestamptz, jsonb …, or 'oid ' and its number. Leave 'types' out, and the database finds them.";

    /// <summary>What a request says; without that, why it cannot be read.</summary>
    public static (SqlArguments? Arguments, string? WhyNot) OfRequest(CanonicalJson arguments)
    {
        using var json = Parse(arguments);
        return WhyUnknown(json.RootElement) is { } unknown ? (null, unknown) : Read(json.RootElement);
    }

    /// <summary>What an action says that this gate made; it also has members that are not for the database.</summary>
    public static (SqlArguments? Arguments, string? WhyNot) OfAction(CanonicalJson arguments)
    {
        using var json = Parse(arguments);
        return Read(json.RootElement);
    }

    /// <summary>
    /// What a Bind says behind its names: the formats and values of all parameters, and results as text.
    /// </summary>
    public byte[] ToBind()
    {
        using var body = new MemoryStream();
        Count(body, Values.Length);
        var values = Values.Select(BytesOf).ToList();
        values.ForEach(value => Count(body, value.IsBinary ? 1 : 0));
        Count(body, Values.Length);
        Span<byte> length = stackalloc byte[sizeof(int)];
        foreach (var (bytes, _) in values)
        {
            const int none = -1;
            BinaryPrimitives.WriteInt32BigEndian(length, bytes?.Length ?? none);
            body.Write(length);
            body.Write(bytes);
        }

        Count(body, 0);
        return body.ToArray();
    }

    private static JsonDocument Parse(CanonicalJson arguments) =>
        JsonDocument.Parse(arguments.Bytes, new JsonDocumentOptions { MaxDepth = int.MaxValue });

    private static void Count(Stream body, int count)
    {
        Span<byte> bytes = stackalloc byte[sizeof(ushort)];
        BinaryPrimitives.WriteUInt16BigEndian(bytes, checked((ushort)count));
        body.Write(bytes);
    }

    private static string? WhyUnknown(JsonElement arguments)
    {
        foreach (var member in arguments.EnumerateObject())
        {
            switch (member.Name)
            {
                case "text" or "parameters" or "types":
                    break;
                case "settings" or "catalog":
                    return $"The gateway itself adds '{member.Name}' to a statement; leave it out.";
                default:
                    return $"A statement has no argument '{member.Name}'; its arguments are text, parameters, types.";
            }
        }

        return null;
    }

    private static (SqlArguments? Arguments, string? WhyNot) Read(JsonElement arguments)
    {
        if (!arguments.TryGetProperty("text", out var text) || text.ValueKind != JsonValueKind.String)
        {
            return (null, "'text' is the statement, as a text, and is needed.");
        }

        var (values, wrongValue) = ArrayOf(arguments, "parameters", ValueOf, WrongValue);
        var (types, wrongType) = ArrayOf(arguments, "types", TypeOf, WrongType);
        return 0 switch
        {
            _ when text.GetString()!.Contains('\0', StringComparison.Ordinal) =>
                (null, "'text' holds a NUL character, which no statement can."),
            _ when (wrongValue ?? wrongType) is { } wrong => (null, wrong),
            _ when values.Length > ushort.MaxValue =>
                (null, $"A statement takes {ushort.MaxValue} parameters at most."),
            _ when types.Length > 0 && types.Length != values.Length =>
                (null, "'types' names one type for each parameter, or is left out."),
            _ => (new SqlArguments(text.GetString()!, values, types), null),
        };
    }

    private static (ImmutableArray<T> Items, string? WhyNot) ArrayOf<T>(
        JsonElement arguments, string name, Func<JsonElement, (bool, T)> read, string wrong)
    {
        if (!arguments.TryGetProperty(name, out var array))
        {
            return ([], null);
        }

        if (array.ValueKind != JsonValueKind.Array)
        {
            return ([], $"'{name}' is an array.");
        }

        var items = ImmutableArray.CreateBuilder<T>(array.GetArrayLength());
        foreach (var element in array.EnumerateArray())
        {
            if (read(element) is not (true, var item))
            {
                return ([], wrong);
            }

            items.Add(item);
        }

        return (items.MoveToImmutable(), null);
    }

    /// <summary>Numbers, true and false are the texts that PostgreSQL reads for them, as a driver sends them.</summary>
    private static (bool, CanonicalJson) ValueOf(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.String => (true, CanonicalJson.Of(value.GetString()!)),
        JsonValueKind.Number or JsonValueKind.True or JsonValueKind.False =>
            (true, CanonicalJson.Of(value.GetRawText())),
        JsonValueKind.Null => (true, CanonicalJson.Null),
        JsonValueKind.Object when HexIn(value) is { } hex =>
            (true, new CanonicalObject().Add(Binary, hex).ToCanonicalJson()),
        _ => (false, CanonicalJson.Null),
    };

    private static string? HexIn(JsonElement value) =>
        value.EnumerateObject().Count() == 1
        && value.TryGetProperty(Binary, out var hex)
        && hex.ValueKind == JsonValueKind.String
        && hex.GetString() is { } text
        && text.Length % 2 == 0
        && text.All(char.IsAsciiHexDigitLower)
            ? text
            : null;

    private static (bool, uint) TypeOf(JsonElement name) =>
        name.ValueKind == JsonValueKind.String && PostgresType.TryRead(name.GetString()!, out var type)
            ? (true, type)
            : (false, PostgresType.Unspecified);

    private static (byte[]? Bytes, bool IsBinary) BytesOf(CanonicalJson value)
    {
        using var json = Parse(value);
        return json.RootElement.ValueKind switch
        {
            JsonValueKind.String => (Encoding.UTF8.GetBytes(json.RootElement.GetString()!), false),
            JsonValueKind.Null => (null, false),
            _ => (Convert.FromHexString(json.RootElement.GetProperty(Binary).GetString()!), true),
        };
    }
}
