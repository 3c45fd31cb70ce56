using System.Text;
using Countersign.Core.Ledger;
using Countersign.Core.Storage;
using Countersign.Server.Storage.Sqlite;
using Countersign.Server.Storage.Sqlite.Audit;
using Countersign.Tests.Conformance;
using Countersign.Tests.Support;

namespace Countersign.Tests.Storage.Sqlite;

/// <summary>The log changes its key, and whoever knows only one of both keys goes on trusting it.</summary>
public sealed class KeyRotationTests : IDisposable
{
    private readonly SqliteFolder _folder = new();
    private readonly ManualTime _time = new();

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task The_first_start_with_a_new_key_records_it_once_and_both_sign_until_the_old_one_is_taken_out()
    {
        var old = _folder.Key.VerifierKey;
        await CommitAsync();
        _folder.RotateKey();
        await CommitAsync();
        await CommitAsync();

        var both = await NoteAsync();
        Assert.Equal([_folder.Key.VerifierKey.Id, old.Id], both.Signatures.Select(line => line.KeyId));
        _folder.EndOverlap();
        var alone = await CommitAsync();
        Assert.Equal([_folder.Key.VerifierKey.Id], alone.Signatures.Select(line => line.KeyId));
        await using var store = await _folder.OpenAsync(_time);
        var leaves = (await store.ReadLeavesAsync(0, 100, Cancel)).Select(leaf => Leaf.Decode(leaf.Span).Type).ToList();
        Assert.Equal(1, leaves.IndexOf(EntryType.KeyRotated));
        Assert.Single(leaves, EntryType.KeyRotated);
    }

    [Fact]
    public async Task An_auditor_who_knows_the_old_key_or_the_new_one_verifies_all_of_it()
    {
        var old = _folder.Key.VerifierKey;
        await CommitAsync();
        _folder.RotateKey();
        await CommitAsync();
        _folder.EndOverlap();
        await CommitAsync();

        foreach (var key in (NoteVerifierKey[])[old, _folder.Key.VerifierKey])
        {
            var report = await AuditAsync(key);
            Assert.Empty(report.Faults);
            Assert.Equal([_folder.Key.VerifierKey.ToString()], report.Signers);
            var succession = Assert.Single(report.Successions);
            Assert.Equal(
                (1L, old.ToString(), _folder.Key.VerifierKey.ToString()),
                (succession.From.Size, succession.Before.ToString(), succession.After.ToString()));
        }

        using var stranger = new SqliteFolder();
        Assert.Empty((await AuditAsync(stranger.Key.VerifierKey)).Signers);
    }

    [Fact]
    public async Task Two_rotations_one_after_the_other_are_followed_through()
    {
        var first = _folder.Key.VerifierKey;
        await CommitAsync();
        _folder.RotateKey();
        await CommitAsync();
        _folder.RotateKey();
        await CommitAsync();
        _folder.EndOverlap();
        await CommitAsync();

        var report = await AuditAsync(first);

        Assert.Empty(report.Faults);
        Assert.Equal([_folder.Key.VerifierKey.ToString()], report.Signers);
        Assert.Equal(2, report.Successions.Length);
    }

    [Fact]
    public async Task A_new_key_without_the_one_before_it_is_refused_and_the_text_names_the_way()
    {
        await CommitAsync();
        _folder.RotateKey();
        _folder.EndOverlap();

        var refusal = await Assert.ThrowsAsync<StoreUnavailableException>(() => _folder.OpenAsync(_time));

        Assert.Contains("ledger.previous_key", refusal.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_succession_that_one_of_both_keys_did_not_sign_is_not_followed()
    {
        await CommitAsync();
        _folder.RotateKey();
        await CommitAsync();
        await using var store = await _folder.OpenAsync(_time);
        var text = (await store.ReadSuccessionsAsync(Cancel))[0];
        var succession = KeySuccession.Parse(text);
        Assert.Equal(text, succession.ToString());
        var lines = text.TrimEnd('\n').Split('\n');

        Assert.Throws<FormatException>(() => KeySuccession.Parse(string.Join('\n', lines[..^1]) + "\n"));
        for (var i = 0; i < 6; i++)
        {
            var other = lines.ToArray();
            other[i] = i == 2 ? "9" : other[i][..^1] + (other[i][^1] == 'A' ? 'B' : 'A');
            Assert.Throws<FormatException>(() => KeySuccession.Parse(string.Join('\n', other) + "\n"));
        }
    }

    /// <summary>Opens the store as a start does, commits something, and returns the checkpoint.</summary>
    private async Task<SignedNote> CommitAsync()
    {
        _time.Advance(TimeSpan.FromSeconds(1));
        await using (var store = await _folder.OpenAsync(_time))
        {
            _time.Advance(TimeSpan.FromSeconds(1));
            await store.CommitAsync(Sample.Note(), Cancel);
        }

        return await NoteAsync();
    }

    private async Task<SignedNote> NoteAsync() =>
        SignedNote.Parse(Encoding.UTF8.GetBytes(await File.ReadAllTextAsync(_folder.Head, Cancel)));

    private Task<AuditReport> AuditAsync(NoteVerifierKey key) => new StoreAudit(
        _folder.Database, new StoreAuditOptions { Trusted = [key], Vault = _folder.Vault }).RunAsync(Cancel);
}
