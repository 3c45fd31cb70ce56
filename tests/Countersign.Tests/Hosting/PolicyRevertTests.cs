using System.Text.Json;
using Countersign.Core.Ledger;
using Countersign.Server.Configuration;
using Countersign.Server.Hosting;
using Countersign.Server.Storage.Sqlite;
using Countersign.Tests.Storage.Sqlite;
using Countersign.Tests.Support;

namespace Countersign.Tests.Hosting;

/// <summary>A policy that is changed, used, and changed back.</summary>
public sealed class PolicyRevertTests : IDisposable
{
    private const string Strict = "version: 1\ndefault: deny\n";
    private const string Loose = "version: 1\ndefault: { require: { stages: [ { of: bob } ] } }\n";

    private readonly SqliteFolder _folder = new();
    private readonly ManualTime _time = new();

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public void Dispose() => _folder.Dispose();

    [Fact]
    [Trait("Threat", "THR-019"), Trait("CWE", "778")]
    public async Task A_policy_that_comes_back_soon_is_recorded_as_a_revert()
    {
        await using var store = await _folder.OpenAsync(_time);
        await StartAsync(store, Strict);
        var loosened = await StartAsync(store, Loose);
        var at = store.Now;
        _time.Advance(PolicyChanges.RevertTime);

        var back = await StartAsync(store, Strict);

        Assert.Equal(JsonValueKind.Null, loosened.Payload.GetProperty("reverts").ValueKind);
        var reverts = back.Payload.GetProperty("reverts");
        Assert.Equal((at, loosened.Entry), (
            reverts.GetProperty("at").GetDateTimeOffset(), reverts.GetProperty("entry").GetInt64()));
    }

    [Fact]
    [Trait("Threat", "THR-019"), Trait("CWE", "778")]
    public async Task A_policy_that_comes_back_late_is_a_change_like_any_other()
    {
        await using var store = await _folder.OpenAsync(_time);
        await StartAsync(store, Strict);
        await StartAsync(store, Loose);
        _time.Advance(PolicyChanges.RevertTime + TimeSpan.FromSeconds(1));

        var back = await StartAsync(store, Strict);

        Assert.Equal(JsonValueKind.Null, back.Payload.GetProperty("reverts").ValueKind);
    }

    [Fact]
    [Trait("Threat", "THR-019"), Trait("CWE", "778")]
    public async Task The_channel_is_told_of_a_revert_and_of_no_other_change()
    {
        await using var store = await _folder.OpenAsync(_time);
        await StartAsync(store, Strict);
        await StartAsync(store, Loose);
        Assert.Empty(await store.TakeOutboxAsync("slack", 10, Cancel));

        var back = await StartAsync(store, Strict);

        var message = Assert.Single(await store.TakeOutboxAsync("slack", 10, Cancel));
        Assert.Equal((null, back.Entry), (message.Action, message.Entry));
    }

    /// <summary>A start of the server with this policy in its files; what the entry of the change says.</summary>
    private async Task<(long Entry, JsonElement Payload)> StartAsync(SqliteStore store, string policy)
    {
        var file = _folder.PathOf("countersign.yaml");
        await File.WriteAllTextAsync(_folder.PathOf("policy.yaml"), policy, Cancel);
        await File.WriteAllTextAsync(
            file,
            """
            people: [ { id: bob, tokens: [ of-bob ] } ]
            policies: policy.yaml
            changes: immediate
            channels: { slack: { bot_token: xoxb-1, signing_secret: secret, channel: C0123 } }
            """,
            Cancel);
        var settings = SettingsFile.Load(file, _ => null);
        var changes = new PolicyChanges(settings, new CharterSource(settings, _time), store, store);
        await changes.SettleAsync(Cancel);
        var leaves = await store.ReadLeavesAsync(0, 100, Cancel);
        var last = leaves.Length - 1;
        Assert.Equal(EntryType.PolicyChanged, Leaf.Decode(leaves[last].Span).Type);
        return (last, JsonDocument.Parse((await store.ReadPayloadAsync(last, Cancel))!.Value).RootElement);
    }
}
