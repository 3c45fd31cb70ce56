using System.Diagnostics.CodeAnalysis;
using System.Text;

namespace Countersign.Gates.Mcp.Wire;

/// <summary>
/// The id of a JSON-RPC request, or a progress token: a string or a number. A number is kept as it was written; a
/// string is the same however its characters are escaped, because a server may echo it in another spelling.
/// </summary>
internal readonly record struct RpcId
{
    /// <summary>Longest id in bytes.</summary>
    private const int MaxLength = 512;

    private readonly string? _json;

    private RpcId(string json) => _json = json;

    /// <summary>The id as JSON.</summary>
    public string Json => _json ?? throw new InvalidOperationException("A default RpcId identifies no request.");

    public ReadOnlyMemory<byte> Bytes => Encoding.UTF8.GetBytes(Json);

    public static RpcId Of(long number) => new(number.ToString());

    /// <summary>Reads an id; MCP allows strings and numbers, not null.</summary>
    public static bool TryRead([NotNullWhen(true)] ReadOnlyMemory<byte>? json, out RpcId id)
    {
        id = default;
        if (json is not { Length: > 0 and <= MaxLength } value)
        {
            return false;
        }

        if (RawObject.TextOf(value) is { } text)
        {
            id = new RpcId(Encoding.UTF8.GetString(RawObject.Quote(text)));
            return true;
        }

        var isNumber = value.Span[0] == (byte)'-' || char.IsAsciiDigit((char)value.Span[0]);
        id = isNumber ? new RpcId(Encoding.UTF8.GetString(value.Span)) : default;
        return isNumber;
    }

    public override string ToString() => _json ?? "";
}
