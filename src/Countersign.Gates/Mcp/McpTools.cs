using Countersign.Core;
using Countersign.Core.Actions;
using Countersign.Gates.Mcp.Upstream;
using Countersign.Gates.Mcp.Wire;
using Microsoft.Extensions.Logging;

namespace Countersign.Gates.Mcp;

/// <summary>
/// Which tools there are: the upstream server's as they are, every definition shown to the definition desk, and the
/// gateway's own at the end. An agent never sees a description that nobody accepted.
/// </summary>
internal sealed class McpTools(DefinitionDesk definitions, McpLimits limits, TimeProvider time, ILogger log)
{
    /// <summary>The argument that <c>ask_reason</c> adds to every tool; taken out again before the digest.</summary>
    public const string ReasonArgument = "countersign_reason";

    private static readonly byte[] s_reasonSchema =
        """{"type":"string","description":"Why you call this tool now; shown to whoever has to approve it."}"""u8
            .ToArray();

    /// <summary>
    /// Answers <c>tools/list</c>: one page of the upstream server's, rewritten only where it must be.
    /// </summary>
    public async Task<byte[]> ListAsync(McpSession session, Exchange exchange, CancellationToken cancellationToken)
    {
        var connection = await session.ConnectAsync(cancellationToken);
        var request = exchange.Request;
        var answer = await connection.RequestAsync(request.Method, request.Params, exchange, cancellationToken);
        if (answer.Result is not { } result || !RawObject.TryRead(result, out var page))
        {
            return Rpc.Answer(request.Id, answer);
        }

        var tools = await SeeAsync(session.Ticket.Target, session.Tools, page, cancellationToken);
        var shown = tools.Select(tool => Show(tool, session.Options)).ToList();
        if (page.Find("nextCursor") is null)
        {
            shown.AddRange(ApprovalTools.Definitions);
        }

        return Rpc.Result(request.Id, page.With("tools", RawObject.Array(shown)).ToBytes());
    }

    /// <summary>
    /// One tool by its name, with a definition that was looked at lately; <c>null</c> when there is none.
    /// </summary>
    public async Task<KnownTool?> FindAsync(
        TargetName target,
        ToolCatalog catalog,
        string name,
        UpstreamConnection connection,
        CancellationToken cancellationToken)
    {
        if (catalog.Find(name) is { } known && time.GetElapsedTime(known.SeenAt) < limits.DefinitionFreshness)
        {
            return known;
        }

        ReadOnlyMemory<byte>? cursor = null;
        for (var page = 0; page < limits.ToolPages; page++)
        {
            var parameters = cursor is { } at ? RawObject.Empty.With("cursor", at).ToBytes() : "{}"u8.ToArray();
            var answer = await connection.RequestAsync("tools/list", parameters, related: null, cancellationToken);
            if (answer.Result is not { } result || !RawObject.TryRead(result, out var members))
            {
                return null;
            }

            var seen = await SeeAsync(target, catalog, members, cancellationToken);
            cursor = members.Find("nextCursor");
            if (seen.FindLast(tool => tool.Definition.Name == name) is { } found)
            {
                return found;
            }

            if (cursor is null)
            {
                break;
            }
        }

        return null;
    }

    /// <summary>Shows a page of definitions to the desk and keeps them; what cannot be reviewed is left out.</summary>
    private async Task<List<KnownTool>> SeeAsync(
        TargetName target, ToolCatalog catalog, RawObject page, CancellationToken cancellationToken)
    {
        var read = new List<(Definition Definition, RawObject Members)>();
        foreach (var json in page.Find("tools") is { } list ? RawObject.Elements(list) : [])
        {
            if (RawObject.TryRead(json, out var members) && Read(target, members) is { } definition)
            {
                read.Add((definition, members));
            }
        }

        var standings = await definitions.SeeAsync(
            target, [.. read.Select(tool => tool.Definition)], cancellationToken);
        var seenAt = time.GetTimestamp();
        var tools = read
            .Select((tool, i) => new KnownTool(tool.Definition, tool.Members, standings[i], seenAt))
            .ToList();
        tools.ForEach(catalog.Keep);
        return tools;
    }

    /// <summary>
    /// The reviewed part of a tool: all of it but <c>_meta</c> and <c>icons</c>, which models do not read and servers
    /// fill with values of the moment.
    /// </summary>
    private Definition? Read(TargetName target, RawObject tool)
    {
        if (tool.FindText("name") is not { } name)
        {
            return null;
        }

        if (ApprovalTools.IsReserved(name))
        {
            log.ReservedToolHidden(target, name);
            return null;
        }

        if (!Definition.TryRead(name, tool.Without("_meta", "icons").ToBytes(), out var definition, out var refusal))
        {
            log.UnreadableToolHidden(target, name, refusal);
        }

        return definition;
    }

    private static ReadOnlyMemory<byte> Show(KnownTool tool, McpOptions options)
    {
        if (tool.Standing is DefinitionStanding.Changed changed)
        {
            return changed.AcceptedText;
        }

        return (options.AskReason ? WithReason(tool.Members) : tool.Members).ToBytes();
    }

    private static RawObject WithReason(RawObject tool)
    {
        var schema = tool.FindObject("inputSchema") ?? RawObject.Empty;
        var properties = schema.FindObject("properties") ?? RawObject.Empty;
        return tool.With(
            "inputSchema",
            schema.With("properties", properties.With(ReasonArgument, s_reasonSchema).ToBytes()).ToBytes());
    }
}
