using Countersign.Gates.Credentials;
using Countersign.Gates.Mcp.Wire;

namespace Countersign.Gates.Mcp;

/// <summary>
/// The parameters of one <c>tools/call</c> towards an upstream server: arguments byte for byte, and for a server of
/// 2026-07-28 the headers that its tool asks for.
/// </summary>
internal sealed record ToolCall(byte[] Parameters, IEnumerable<KeyValuePair<string, string>> Headers)
{
    /// <summary>What was minted for this one call; <c>null</c> sends the target's standing credential.</summary>
    public MintedCredential? Credential { get; init; }

    /// <summary>Whether the gateway asks this for itself, to find out what a call would do.</summary>
    public bool IsPreview { get; init; }

    /// <summary>
    /// What the client can do, towards a server of 2026-07-28, when it is not there to say so; <c>null</c> when it is.
    /// </summary>
    public ReadOnlyMemory<byte>? Capabilities { get; init; }

    public static ToolCall Of(KnownTool tool, ReadOnlyMemory<byte> given, bool isModern, RpcId? progressToken)
    {
        var name = tool.Definition.Name;
        if (!isModern || !RawObject.TryRead(given, out var arguments))
        {
            return new ToolCall(ParamsOf(name, given, RawObject.Empty, progressToken), []);
        }

        var input = arguments.FindObject(McpRounds.InputArgument) ?? RawObject.Empty;
        var own = arguments.Without(McpRounds.InputArgument);
        return new ToolCall(
            ParamsOf(name, own.ToBytes(), input, progressToken), ParamHeaders.Of(tool.Members, own));
    }

    private static byte[] ParamsOf(
        string tool, ReadOnlyMemory<byte> arguments, RawObject input, RpcId? progressToken) => Rpc.Object(json =>
    {
        json.WriteString("name", tool);
        Rpc.WriteRaw(json, "arguments", arguments);
        foreach (var (name, value) in input.Members)
        {
            Rpc.WriteRaw(json, name, value);
        }

        if (progressToken is { } token)
        {
            Rpc.WriteRaw(json, "_meta", RawObject.Empty.With("progressToken", token.Bytes).ToBytes());
        }
    });
}
