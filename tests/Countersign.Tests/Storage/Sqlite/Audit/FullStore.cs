using System.Text.Json;
using Countersign.Core;
using Countersign.Core.Actions;
using Countersign.Core.Identity;
using Countersign.Core.Identity.Passkeys;
using Countersign.Core.Ledger;
using Countersign.Core.Reads;
using Countersign.Core.Reviews;
using Countersign.Core.Storage;
using Countersign.Server.Channels;
using Countersign.Server.Storage;
using Countersign.Server.Storage.Sqlite;
using Countersign.Tests.Core;

namespace Countersign.Tests.Storage.Sqlite.Audit;

/// <summary>A store with a row in every table that carries evidence, made by what makes them in production.</summary>
internal static class FullStore
{
    private static readonly DateTimeOffset Until = new(2026, 11, 21, 12, 0, 0, TimeSpan.Zero);

    public static async Task<CoreHost> WriteAsync()
    {
        var host = await CoreHost.StartAsync();
        // Commits of one millisecond look like one; these are told apart.
        host.Time.Step = TimeSpan.FromMilliseconds(1);
        await DecideAsync(host);
        await ReadAsync(host);
        await RegisterAsync(host);
        Assert.IsType<StopAnswer.Stopped>(
            await host.Agents.StopAsync(CoreHost.BotId, CoreHost.Alice, "It exports too much.", host.Cancel));
        // Enough for a full tile.
        var notes = Enumerable.Range(0, 300).Select(_ => Note("""{"what":"a note"}"""));
        await CommitAsync(host, new Change { Entries = [.. notes] });
        await host.RotateKeyAsync();
        await CommitAsync(host, new Change { Entries = [Note("""{"what":"the last"}""")] });
        return host;
    }

    private static async Task DecideAsync(CoreHost host)
    {
        host.SetOwner(CoreHost.Lead);
        var ran = await host.HoldAsync(CoreHost.AskDetached());
        await host.VoteAsync(ran, CoreHost.Bob);
        await host.UntilEndedAsync(ran);
        var changed = await host.HoldAsync(CoreHost.AskDetached("change"));
        await host.ReviseAsync(changed, CoreHost.Bob, """{"n":2}""");
        var denied = await host.HoldAsync(CoreHost.AskDetached("deny"));
        await host.VoteAsync(denied, CoreHost.Alice, Decision.Deny);
        var live = await host.RecordOfAsync(CoreHost.Ask("leave"));
        await host.VoteAsync(live, CoreHost.Alice);
        await host.RecordOfAsync(CoreHost.Ask("drop"));
        // A permit that was claimed and not reported on is being executed.
        var permit = await host.HoldAsync(CoreHost.AskPermit());
        await host.VoteAsync(permit, CoreHost.Bob);
        Assert.IsType<PermitAnswer.Done>(
            await host.Permits.ClaimAsync(await host.ReadAsync(permit), permit.Action.Digest, "a key", host.Cancel));
    }

    private static async Task ReadAsync(CoreHost host)
    {
        await host.RecordOfAsync(CoreHost.Ask("peek"));
        var opens = new WindowWrite.Opens(CoreHost.Ops, new NodeId("node-1"), 100, Until);
        await CommitAsync(host, new Change
        {
            Window = opens,
            Entries = [new EntryDraft(EntryType.RecordingWindow, null, 0, ReadPayload.Opening(opens))],
        });
    }

    private static async Task RegisterAsync(CoreHost host)
    {
        var roster = RosterHash.Of("a roster"u8);
        await CommitAsync(host, new Change
        {
            NewRoster = roster,
            Entries = [Entry(EntryType.PersonChanged, new { to = roster.Value, roster = new[] { "a person" } })],
        });
        var id = CredentialId.Of([1, 2, 3, 4]);
        await CommitAsync(host, new Change
        {
            Passkey = new PasskeyWrite.Enrols(id.Locator, CoreHost.Alice, 3),
            Entries =
            [
                Entry(EntryType.CredentialEnrolled, new { person = "alice", credential_id = id.Value, sign_count = 3 }),
            ],
        });
        var links = new AccountLinks(host.Store, host.Folder.Vault.DeriveKey(AccountTable.KeyPurpose));
        Assert.True(await links.LinkAsync(new ChannelAccount("slack", "T0123/U0456"), CoreHost.Alice, host.Cancel));
        await new DefinitionRegister(host.Store).AcceptAsync(
            [new DefinitionRow(CoreHost.Ops, "a_tool", "sha256:1", """{"name":"a_tool"}"""u8.ToArray())],
            cause: null,
            host.Cancel);
    }

    private static EntryDraft Entry(EntryType type, object payload) =>
        new(type, null, 0, JsonSerializer.SerializeToUtf8Bytes(payload));

    private static EntryDraft Note(string payload) =>
        new(EntryType.RecordingGap, null, 0, System.Text.Encoding.UTF8.GetBytes(payload));

    private static async Task CommitAsync(CoreHost host, Change change)
    {
        Assert.IsType<CommitResult.Committed>(await host.Store.CommitAsync(change, host.Cancel));
    }
}
