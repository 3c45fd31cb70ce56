using System.Text.Json;
using Countersign.Core.Actions;
using Countersign.Core.Actions.Json;
using Countersign.Gates.Mcp.Wire;

namespace Countersign.Gates.Mcp;

/// <summary>
/// Turns a <c>tools/call</c> into an action: the operation is the tool's name, the arguments are its arguments in
/// canonical form. Nothing else of the call reaches the tool, so nothing else needs approval.
/// </summary>
internal static class McpActionReader
{
    private const string ReasonMeta = "countersign/reason";

    private static readonly CanonicalJson s_none = new CanonicalObject().ToCanonicalJson();

    /// <summary>Reads the call; <c>null</c> when its arguments are no object.</summary>
    /// <remarks>The input of a round (2026-07-28) becomes an argument, since it decides what the tool does.</remarks>
    public static Asking? Read(
        McpSession session,
        Target target,
        KnownTool tool,
        RawObject call,
        ReadOnlyMemory<byte>? input,
        JsonLimits limits)
    {
        var given = call.FindObject("arguments");
        if (given is null && call.Find("arguments") is not null)
        {
            return null;
        }

        var reason = call.FindObject("_meta")?.FindText(ReasonMeta);
        if (session.Options.AskReason && given is not null)
        {
            reason ??= given.FindText(McpTools.ReasonArgument);
            given = given.Without(McpTools.ReasonArgument);
        }

        if (input is { } round)
        {
            given = (given ?? RawObject.Empty).With(McpRounds.InputArgument, round);
        }

        var action = CanonicalAction.Of(target.Name, tool.Definition.Name, Canonical(given, limits));
        return new Asking(session.Asker, target, GateKind.Mcp, action)
        {
            Facts = FactsOf(tool.Definition.Name, tool.Members.Find("annotations")),
            Claimed = Claimed.Of(reason, session: null),
        };
    }

    /// <summary>
    /// The facts of a tool call; annotations are the server's own claims about its tool, <c>{}</c> without any.
    /// </summary>
    public static Facts FactsOf(string tool, ReadOnlyMemory<byte>? annotations)
    {
        using var document = JsonDocument.Parse(annotations ?? "{}"u8.ToArray());
        return Facts.Of("mcp", ("tool", tool), ("annotations", document.RootElement.Clone()));
    }

    /// <summary>The request passed the strict reader as a whole, so its parts do too.</summary>
    private static CanonicalJson Canonical(RawObject? arguments, JsonLimits limits)
    {
        if (arguments is null)
        {
            return s_none;
        }

        return CanonicalJson.TryCanonicalize(arguments.ToBytes(), limits, out var canonical, out var refusal)
            ? canonical
            : throw new InvalidOperationException(refusal.Message);
    }
}
