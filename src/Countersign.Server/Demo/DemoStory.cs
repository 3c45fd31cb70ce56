using System.Net.Http.Json;
using System.Text;
using System.Text.Json.Nodes;
using Countersign.Core;
using Countersign.Core.Actions;
using Countersign.Core.Identity;
using Countersign.Core.Ledger;
using Countersign.Core.Records;
using Countersign.Core.Storage;
using Countersign.Server.Cli;
using Countersign.Server.Console.Sessions;
using Countersign.Server.Hosting;

namespace Countersign.Server.Demo;

/// <summary>
/// What the demo shows: (1) a call the policy allows, (2) one it refuses, (3) one it holds until somebody who is not
/// behind the request approves, (4) the ledger's proof of all of it.
/// </summary>
internal sealed class DemoStory(Node node, DemoFiles files, AcmeOps ops, bool auto)
{
    private static readonly TimeSpan LinkLifetime = TimeSpan.FromHours(8);
    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(30);

    private readonly IServiceProvider _services = node.Services;

    public async Task<bool> TellAsync(CancellationToken cancellationToken)
    {
        Introduce();
        using var agent = new ScriptedAgent(new Uri(node.Address, "/mcp/acme-ops"), files.AgentToken);
        await agent.ConnectAsync(cancellationToken);

        Say("1. The agent reads a report. The policy allows it:");
        Say("   " + await CallAsync(agent, "read_report", "name", "weekly", cancellationToken));
        Say("2. The agent wants to rotate a key. The policy refuses it:");
        Say("   " + await CallAsync(agent, "rotate_key", "service", "billing", cancellationToken));
        Say("3. The agent wants to export customers. The policy asks for a person:");
        var export = CallAsync(agent, "export_customers", "country", "UK", cancellationToken);
        var held = await FindHeldAsync(cancellationToken);
        await AskForApprovalAsync(held, cancellationToken);
        Say("   " + await export);
        Say("");
        Say($"   acme-ops was called {ops.Calls.Count} times: {string.Join(", ", ops.Calls)}.");
        return await ProveAsync(held.Id, cancellationToken);
    }

    private static async Task<string> CallAsync(
        ScriptedAgent agent, string tool, string argument, string value, CancellationToken cancellationToken)
    {
        var (_, text) = await agent.CallAsync(tool, new JsonObject { [argument] = value }, cancellationToken);
        return text.ReplaceLineEndings("\n   ");
    }

    private static void Say(string line) => Terminal.WriteLine(line);

    private void Introduce()
    {
        Say(
            "Countersign demo: an MCP server 'acme-ops', an agent 'release-bot' owned by Bob, and Alice, " +
            "who may approve.");
        Say($"Everything is in {files.Folder}; its keys are for this demo only.");
        Say("");
    }

    private async Task<ActionRecord> FindHeldAsync(CancellationToken cancellationToken)
    {
        var archive = _services.GetRequiredService<IArchive>();
        using var subscription = node.Store.Changes.Subscribe();
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(LongestPause);
        var pending = new ActionFilter { State = ActionState.Pending, Limit = 1 };
        while (true)
        {
            if (await archive.ListAsync(pending, limit.Token) is [var first, ..])
            {
                return ActionRecord.Of(first);
            }

            await subscription.Reader.ReadAsync(limit.Token);
        }
    }

    private async Task AskForApprovalAsync(ActionRecord held, CancellationToken cancellationToken)
    {
        if (auto)
        {
            Say($"   It is held as {held.Id}, and nothing was sent. Nobody has to act: Alice approves over the API.");
            await ApproveAsync(held, cancellationToken);
            return;
        }

        var code = _services.GetRequiredService<OneTimeLinks>().Create(new PersonId("alice"), LinkLifetime);
        Say($"   It is held as {held.Id}, and nothing was sent. You are Alice. Approve it here:");
        Say("");
        Say($"     {new Uri(node.Address, $"/console/sign-in/{code}")}");
        Say("");
        Say("   or with this line in another terminal:");
        Say("");
        Say(
            $"     COUNTERSIGN_URL={node.Address} COUNTERSIGN_TOKEN={files.AliceToken} " +
            $"./countersign action approve {held.Id}");
        Say("");
    }

    private async Task ApproveAsync(ActionRecord held, CancellationToken cancellationToken)
    {
        using var http = new HttpClient { BaseAddress = node.Address };
        http.DefaultRequestHeaders.Authorization = new("Bearer", files.AliceToken);
        var vote = new { decision = "approve", digest = held.Action.Digest.Value, comment = "The UK export is due." };
        using var response = await http.PostAsJsonAsync($"/v1/actions/{held.Id}/votes", vote, cancellationToken);
        response.EnsureSuccessStatusCode();
    }

    /// <summary>
    /// Proves the last entry of the held action under the signed checkpoint, then recomputes the whole log.
    /// </summary>
    private async Task<bool> ProveAsync(ActionId id, CancellationToken cancellationToken)
    {
        var record = await _services.GetRequiredService<Gatekeeper>()
            .WaitForEndAsync(id, LongestPause, cancellationToken);
        var text = await node.Store.ReadCheckpointAsync(cancellationToken);
        var key = node.Keys.Ledger.VerifierKey;
        if (record is null || text is null)
        {
            return false;
        }

        var checkpoint = Checkpoint.Parse(SignedNote.Parse(Encoding.UTF8.GetBytes(text)).Text.Span);
        var reader = new TileHashReader(checkpoint.Size, ReadTileAsync);
        var proof = await InclusionProof.CreateAsync(
            record.Ledger.Index, checkpoint.Size, reader.ReadAsync, cancellationToken);
        var leaf = (await node.Store.ReadLeavesAsync(record.Ledger.Index, 1, cancellationToken))[0];
        var included = proof.Verify(MerkleTree.HashLeaf(leaf.Span), checkpoint.Root);
        Say("4. The ledger. Its signed checkpoint:");
        Say("");
        Say("     " + text.TrimEnd().Replace("\n", "\n     ", StringComparison.Ordinal));
        Say("");
        Say($"   Entry {record.Ledger.Index}: {Encoding.UTF8.GetString(leaf.Span)}");
        Say($"   Inclusion proof of {proof.Hashes.Count} hashes: {(included ? "verified" : "REFUSED")}.");
        return await AuditAsync(key, cancellationToken) && included;
    }

    private async ValueTask<Tile> ReadTileAsync(TileId id, CancellationToken cancellationToken)
    {
        var bytes = await node.Store.ReadTileAsync(id.Level, id.Index, cancellationToken);
        return new Tile(id, bytes!.Value[..(id.Width * Hash32.Length)]);
    }

    private async Task<bool> AuditAsync(NoteVerifierKey key, CancellationToken cancellationToken)
    {
        var report = await new LedgerAudit(LogSource.Of(node.Store), [key]).RunAsync(cancellationToken);
        var verified = report.IsSound && !report.Signers.IsEmpty;
        Say(verified
            ? $"   All {report.Checkpoint!.Size} entries recomputed: verified, signed by {key}."
            : "   NOT verified: " + string.Join(" ", report.Faults));
        Say("");
        Say("   Check it yourself, with or without this program running:");
        Say($"     ./countersign ledger verify --store sqlite:{files.Database} --vkey '{key}'");
        return verified;
    }
}
