using System.Text.Json;
using Countersign.Core.Ledger;

namespace Countersign.Server.Storage.Sqlite.Audit;

/// <summary>
/// Compares the registers (policies, rosters, stops, windows, passkeys, links of accounts, definitions, favours,
/// successions of keys) with the entries that made their rows. Without the payload key it sees that each row names an
/// entry of the right kind and time; with it, that the row says what the entry says and that none is missing.
/// </summary>
internal sealed class RegistersAudit(
    SqliteSession session, OpenPayloads? payloads, PersonsAudit persons, Findings findings)
{
    private readonly EntryFinder _finder = new(session, payloads);
    private readonly List<KnownEntry> _entries = [.. new EntryFinder(session, payloads).WithoutAction()];

    private bool IsOpen => payloads is not null;

    /// <param name="reads">How many reads entries record of each window.</param>
    public void Run(IReadOnlyDictionary<long, long> reads)
    {
        ComparePolicies();
        CompareRosters();
        CompareStops();
        CompareWindows(reads);
        ComparePasskeys();
        CompareAccounts();
        CompareDefinitions();
        CompareFavours();
        CompareSuccessions();
    }

    private void ComparePolicies() => CompareEpochs(
        "policy",
        _entries.Where(entry => entry.Leaf.Type == EntryType.PolicyChanged).ToDictionary(entry => entry.Index),
        mustHaveRow: static _ => true);

    /// <summary>Links of accounts and resumed agents are entries of the same types; only payloads tell them.</summary>
    private void CompareRosters() => CompareEpochs(
        "roster",
        _entries.Where(entry => entry.Leaf.Type is EntryType.PersonChanged or EntryType.AgentChanged)
            .ToDictionary(entry => entry.Index),
        mustHaveRow: static entry => entry.Has("roster"));

    private void CompareEpochs(string table, Dictionary<long, KnownEntry> entries, Func<KnownEntry, bool> mustHaveRow)
    {
        var rows = session.Query(
            $"SELECT epoch, hash, at, entry FROM {table} ORDER BY epoch",
            static reader => (
                Epoch: reader.GetInt64(0),
                Hash: reader.GetString(1),
                At: reader.GetInt64(2),
                Entry: reader.IsDBNull(3) ? (long?)null : reader.GetInt64(3)));
        var taken = new HashSet<long>();
        for (var i = 0; i < rows.Count; i++)
        {
            var (epoch, hash, at, index) = rows[i];
            var where = $"The row of {table} epoch {epoch}";
            findings.Expect(epoch == i + 1, $"{where} stands where epoch {i + 1} has to be.");
            if (index is not { } known || !entries.TryGetValue(known, out var entry) || !taken.Add(known))
            {
                findings.Add($"{where} names no entry that put it in force.");
                continue;
            }

            findings.Expect(at == entry.Ticks, $"{where} has another time than entry {known}.");
            findings.Expect(
                !IsOpen || entry.Text("to") == hash || entry.Text("To") == hash,
                $"{where} has the hash {hash}, and entry {known} put another one in force.");
        }

        foreach (var entry in entries.Values.Where(entry => !taken.Contains(entry.Index) && mustHaveRow(entry)))
        {
            findings.Add($"Entry {entry.Index} put a {table} in force, and there is no row of it.");
        }
    }

    private void CompareStops()
    {
        var open = _entries.Where(entry => entry.Leaf.Type == EntryType.AgentStopped)
            .ToDictionary(entry => entry.Index);
        var lifted = _finder.OfGateway().Where(entry => entry.Text("change") == "resumed")
            .Select(entry => entry.Number("stop")).ToHashSet();
        var taken = new HashSet<long>();
        foreach (var (agent, at, index) in session.Query(
            "SELECT agent, at, entry FROM agent_stop",
            static reader => (reader.GetString(0), reader.GetInt64(1), reader.GetInt64(2))))
        {
            var where = $"The stop of agent '{agent}'";
            if (!open.TryGetValue(index, out var entry) || !taken.Add(index))
            {
                findings.Add($"{where} names entry {index}, which stops nobody.");
                continue;
            }

            findings.Expect(at == entry.Ticks, $"{where} has another time than entry {index}.");
            findings.Expect(!IsOpen || entry.Text("agent") == agent, $"{where} is not what entry {index} says.");
            findings.Expect(!lifted.Contains(index), $"{where} is kept, and was lifted.");
        }

        foreach (var entry in open.Values.Where(entry =>
            IsOpen && !taken.Contains(entry.Index) && !lifted.Contains(entry.Index)))
        {
            findings.Add($"Entry {entry.Index} stopped an agent, no entry lifted that, and there is no row of it.");
        }
    }

    private void CompareWindows(IReadOnlyDictionary<long, long> reads)
    {
        var windows = _entries.Where(entry => entry.Leaf.Type == EntryType.RecordingWindow).ToList();
        var opened = windows.Where(entry => !entry.Has("closes")).ToDictionary(entry => entry.Index);
        var ended = windows.Select(entry => entry.Number("closes"))
            .Concat(_entries.Where(entry => entry.Leaf.Type == EntryType.RecordingGap)
                .Select(entry => entry.Number("window")))
            .ToHashSet();
        var taken = new HashSet<long>();
        foreach (var row in session.Query(
            "SELECT entry, target, node, reads, recorded, until FROM recording_window",
            static reader => (
                Entry: reader.GetInt64(0),
                Target: reader.GetString(1),
                Node: reader.GetString(2),
                Reads: reader.GetInt64(3),
                Recorded: reader.GetInt64(4),
                Until: reader.GetInt64(5))))
        {
            var where = $"The recording window {row.Entry}";
            if (!opened.TryGetValue(row.Entry, out var entry) || !taken.Add(row.Entry))
            {
                findings.Add($"{where} names an entry that opens none.");
                continue;
            }

            var says = !IsOpen || (entry.Text("target") == row.Target && entry.Text("node") == row.Node
                && entry.Number("reads") == row.Reads && TicksOf(entry, "until") == row.Until
                && reads.GetValueOrDefault(row.Entry) == row.Recorded);
            findings.Expect(says, $"{where} is not what its entry, and those of its reads, say.");
            findings.Expect(!ended.Contains(row.Entry), $"{where} is kept as open, and an entry ended it.");
        }

        foreach (var entry in opened.Values.Where(entry =>
            IsOpen && !taken.Contains(entry.Index) && !ended.Contains(entry.Index)))
        {
            findings.Add($"Entry {entry.Index} opened a recording window, none ended it, and there is no row of it.");
        }
    }

    private void ComparePasskeys()
    {
        var enrolled = _entries.Where(entry => entry.Leaf.Type == EntryType.CredentialEnrolled)
            .ToDictionary(entry => entry.Index);
        var revoked = _entries.Where(entry => entry.Leaf.Type == EntryType.CredentialRevoked)
            .Select(entry => entry.Number("enrolled")).ToHashSet();
        var taken = new HashSet<long>();
        foreach (var row in session.Query(
            "SELECT entry, locator, person, sign_count, at FROM passkey",
            static reader => (
                Entry: reader.GetInt64(0),
                Locator: reader.GetString(1),
                Person: reader.GetString(2),
                Count: reader.GetInt64(3),
                At: reader.GetInt64(4))))
        {
            var where = $"The passkey of entry {row.Entry}";
            if (!enrolled.TryGetValue(row.Entry, out var entry) || !taken.Add(row.Entry))
            {
                findings.Add($"{where} names an entry that enrols none.");
                continue;
            }

            findings.Expect(row.At == entry.Ticks, $"{where} has another time than its entry.");
            findings.Expect(
                !IsOpen || (LocatorOf(entry) == row.Locator && row.Count >= (entry.Number("sign_count") ?? 0)),
                $"{where} is not what its entry says.");
            findings.Expect(!revoked.Contains(row.Entry), $"{where} is kept, and was revoked.");
            persons.Expect(row.Person, entry.Text("person"), where, findings);
        }

        foreach (var entry in enrolled.Values.Where(entry =>
            IsOpen && !taken.Contains(entry.Index) && !revoked.Contains(entry.Index)))
        {
            findings.Add($"Entry {entry.Index} enrolled a passkey, none revoked it, and there is no row of it.");
        }
    }

    private void CompareAccounts()
    {
        var changed = _entries.Where(entry => entry.Leaf.Type == EntryType.PersonChanged)
            .ToDictionary(entry => entry.Index);
        var rows = session.Query(
            "SELECT account, entry FROM account_link",
            static reader => (Account: reader.GetString(0), Entry: reader.GetInt64(1)));
        foreach (var row in rows)
        {
            findings.Expect(
                changed.TryGetValue(row.Entry, out var entry) && (!IsOpen || entry.Text("change") == "linked"),
                $"The link of account {row.Account} names entry {row.Entry}, which links none.");
        }

        if (!IsOpen)
        {
            return;
        }

        var open = new Dictionary<string, long>(StringComparer.Ordinal);
        foreach (var entry in changed.Values.OrderBy(entry => entry.Index).Where(entry => entry.Has("account")))
        {
            var account = $"{entry.Text("channel")}\n{entry.Text("account")}";
            open.Remove(account);
            if (entry.Text("change") == "linked")
            {
                open[account] = entry.Index;
            }
        }

        var kept = rows.Select(row => row.Entry).ToHashSet();
        findings.Expect(kept.Count == rows.Count, "Two accounts are linked by the same entry.");
        foreach (var (account, index) in open)
        {
            findings.Expect(kept.Contains(index), $"Entry {index} linked an account, and there is no row of it.");
            findings.Expect(
                !rows.Exists(row => row.Entry == index && row.Account != AccountOf(account)),
                $"The link of entry {index} is kept for another account.");
        }

        foreach (var row in rows.Where(row => !open.ContainsValue(row.Entry)))
        {
            findings.Add($"The link of account {row.Account} is kept, and an entry ended it.");
        }
    }

    private void CompareDefinitions()
    {
        var rows = session.Query(
            "SELECT target, name, fingerprint, definition FROM definition",
            static reader => (
                Target: reader.GetString(0),
                Name: reader.GetString(1),
                Fingerprint: reader.GetString(2),
                Definition: (byte[])reader.GetValue(3)));
        if (!IsOpen)
        {
            return;
        }

        var accepted = _entries.Concat(_finder.OfGateway())
            .Where(entry => entry.Leaf.Type == EntryType.DefinitionAccepted)
            .OrderBy(entry => entry.Index)
            .GroupBy(entry => (entry.Text("target"), entry.Text("tool")))
            .ToDictionary(group => group.Key, group => group.Last());
        foreach (var row in rows)
        {
            var where = $"The definition of '{row.Name}' of target '{row.Target}'";
            if (!accepted.Remove((row.Target, row.Name), out var entry))
            {
                findings.Add($"{where} was accepted by no entry.");
                continue;
            }

            findings.Expect(
                entry.Text("fingerprint") == row.Fingerprint && TextOf(row.Target, row.Name, row.Definition)
                    == entry.Payload?.GetProperty("definition").GetRawText(),
                $"{where} is not what entry {entry.Index} accepted.");
        }

        foreach (var entry in accepted.Values)
        {
            findings.Add($"Entry {entry.Index} accepted a definition, and there is no row of it.");
        }
    }

    private void CompareFavours()
    {
        foreach (var (voter, behind, action) in session.Query(
            """
            SELECT voter, behind, favour.action FROM favour WHERE NOT EXISTS (SELECT 1 FROM vote
                WHERE vote.action = favour.action AND person = voter AND kind = 'approve' AND vote.at = favour.at)
            """,
            static reader => (reader.GetString(0), reader.GetString(1), reader.GetString(2))))
        {
            findings.Add($"The favour of {voter} to {behind} over action {action} was no vote.");
        }

        foreach (var (voter, behind) in session.Query(
            "SELECT voter, behind FROM favour", static reader => (reader.GetString(0), reader.GetString(1))))
        {
            persons.Expect(voter, null, "A favour", findings);
            persons.Expect(behind, null, "A favour", findings);
        }
    }

    /// <summary>The audit of the log checks the notes; here, that each stands by its own entry.</summary>
    private void CompareSuccessions()
    {
        var rotated = _entries.Where(entry => entry.Leaf.Type == EntryType.KeyRotated)
            .ToDictionary(entry => entry.Index);
        foreach (var (index, note) in session.Query(
            "SELECT entry, note FROM key_succession",
            static reader => (reader.GetInt64(0), reader.GetString(1))))
        {
            findings.Expect(
                rotated.TryGetValue(index, out var entry) && (!IsOpen || entry.Text("note") == note),
                $"The key succession of entry {index} is not what the entry says.");
        }
    }

    private string? TextOf(string target, string name, byte[] definition)
    {
        try
        {
            return System.Text.Encoding.UTF8.GetString(SealedDefinition.Open(
                new Core.Actions.TargetName(target), name, definition, payloads!.Vault));
        }
        catch (Exception e) when (e is Core.Storage.StoreUnavailableException or FormatException or ArgumentException)
        {
            return null;
        }
    }

    /// <summary>How accounts of channels are named in rows; the server derives the same key.</summary>
    private string AccountOf(string account) => Convert.ToHexStringLower(
        System.Security.Cryptography.HMACSHA256.HashData(
            payloads!.Vault.DeriveKey(AccountTable.KeyPurpose), System.Text.Encoding.UTF8.GetBytes(account)));

    private static string? LocatorOf(KnownEntry entry) => entry.Text("credential_id") is { } id
        ? Core.Identity.Passkeys.CredentialId.Parse(id).Locator
        : null;

    private static long? TicksOf(KnownEntry entry, string name) =>
        entry.Payload is { } payload && payload.TryGetProperty(name, out var time)
        && time.ValueKind == JsonValueKind.String
            ? time.GetDateTimeOffset().UtcTicks
            : null;
}
