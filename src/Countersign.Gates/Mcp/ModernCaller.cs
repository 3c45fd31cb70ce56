using Countersign.Gates.Mcp.Wire;
using Microsoft.AspNetCore.Http;

namespace Countersign.Gates.Mcp;

/// <summary>
/// What a request of 2026-07-28 says about its client. None of it is believed for more than convenience.
/// </summary>
internal sealed class ModernCaller(RawObject meta, ReadOnlyMemory<byte> capabilities, IHeaderDictionary headers)
{
    public string ClientName { get; } = meta.FindObject(ModernEra.ClientMeta)?.FindText("name") ?? "unknown";

    /// <summary>The level from which on the client wants log messages; without one it wants none.</summary>
    public ReadOnlyMemory<byte>? LogLevel { get; } = meta.Find(ModernEra.LogLevelMeta);

    /// <summary>What the client can do, without tasks: those are the gateway's own, so no server is told.</summary>
    public ReadOnlyMemory<byte> Capabilities { get; } = WithoutTasks(capabilities);

    /// <summary>Whether the client said with this very request that it takes a task for an answer.</summary>
    public bool TakesTasks { get; } =
        RawObject.TryRead(capabilities, out var all)
        && all.FindObject("extensions")?.FindObject(ModernEra.TasksExtension) is not null;

    /// <summary>Whether a server may ask this client something while it works.</summary>
    public bool TakesQuestions { get; } =
        RawObject.TryRead(capabilities, out var declared)
        && declared.Members.Any(member => member.Key is "elicitation" or "sampling" or "roots");

    /// <summary>A header of the request, decoded; <c>null</c> when it is not there.</summary>
    public string? Header(string name) => ModernEra.Decode(headers[name].ToString());

    private static ReadOnlyMemory<byte> WithoutTasks(ReadOnlyMemory<byte> capabilities)
    {
        if (!RawObject.TryRead(capabilities, out var members) || members.FindObject("extensions") is not { } extensions)
        {
            return capabilities;
        }

        return members.With("extensions", extensions.Without(ModernEra.TasksExtension).ToBytes()).ToBytes();
    }
}
