using System.Collections.Immutable;
using System.Text.Json;
using Countersign.Core.Actions;
using Countersign.Core.Identity;
using Countersign.Core.Ledger;
using Countersign.Core.Records;
using Countersign.Core.Reviews;
using Countersign.Core.Storage;

namespace Countersign.Core;

/// <summary>The accepted definitions of all targets, and the execution of an approved change of one.</summary>
internal sealed class DefinitionRegister(IStore store)
{
    /// <summary>
    /// The gateway's own name where it asks for something itself; no agent may be registered under it.
    /// </summary>
    public static readonly AgentId Gateway = new("countersign");

    /// <summary>The operation that people approve to let a changed definition be used.</summary>
    public const string Operation = "definition.accept";

    public Task<DefinitionRow?> FindAsync(TargetName target, string name, CancellationToken cancellationToken) =>
        store.FindDefinitionAsync(target, name, cancellationToken);

    /// <summary>Records definitions as accepted, all of them in one commit with an entry each.</summary>
    public async Task AcceptAsync(
        ImmutableArray<DefinitionRow> definitions, ActionId? cause, CancellationToken cancellationToken)
    {
        var committed = await store.CommitAsync(
            new Change
            {
                Definitions = definitions,
                Entries = [.. definitions.Select(row =>
                    new EntryDraft(EntryType.DefinitionAccepted, cause, Revision: 1, PayloadOf(row)))],
            },
            cancellationToken);
        if (committed is CommitResult.Conflict conflict)
        {
            throw new StoreUnavailableException(
                $"{definitions.Length} definitions could not be recorded ({conflict.Reason}); nothing was accepted. " +
                "Try again.");
        }
    }

    /// <summary>
    /// Executes what the gateway itself asked for, and leaves everything else to the gates. The asker decides, not the
    /// operation's name: an agent may call its operation whatever it likes.
    /// </summary>
    public FindExecutor FindExecutorOr(FindExecutor gates) => action =>
        action.Asker.Agent == Gateway && action.Action.Operation == Operation ? ExecuteAsync : gates(action);

    private async Task<Outcome> ExecuteAsync(ActionRecord action, CancellationToken cancellationToken)
    {
        var row = RowOf(action.Action);
        await AcceptAsync([row], action.Id, cancellationToken);
        var result = PayloadWriter.Write(json => json.WriteString("accepted", row.Fingerprint));
        return new Outcome(OutcomeState.Succeeded, result, Error: null, TimeSpan.Zero);
    }

    /// <summary>The row that the approved arguments describe; the arguments are the gateway's own.</summary>
    private static DefinitionRow RowOf(CanonicalAction action)
    {
        using var arguments = JsonDocument.Parse(action.Arguments.Bytes, new JsonDocumentOptions { MaxDepth = 512 });
        action.Arguments.TryGetMember("proposed", out var proposed);
        return new DefinitionRow(
            action.Target,
            arguments.RootElement.GetProperty("tool").GetString()!,
            arguments.RootElement.GetProperty("fingerprint").GetString()!,
            proposed!.Bytes);
    }

    private static byte[] PayloadOf(DefinitionRow row) => PayloadWriter.Write(json =>
    {
        json.WriteString("target", row.Target.Value);
        json.WriteString("tool", row.Name);
        json.WriteString("fingerprint", row.Fingerprint);
        json.WritePropertyName("definition");
        json.WriteRawValue(row.Definition.Span, skipInputValidation: true);
    });
}
