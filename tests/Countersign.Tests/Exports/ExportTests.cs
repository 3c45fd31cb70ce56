using System.IO.Pipelines;
using System.Text;
using System.Text.Json;
using Countersign.Core.Identity;
using Countersign.Core.Ledger;
using Countersign.Server.Exports;
using Countersign.Server.Storage.Sqlite;
using Countersign.Tests.Conformance;
using Countersign.Tests.Storage.Sqlite;
using Countersign.Tests.Support;

namespace Countersign.Tests.Exports;

/// <summary>
/// A slice for an auditor: complete, provable without the server, and recorded before it is handed out.
/// </summary>
public sealed class ExportTests : IAsyncLifetime
{
    private readonly SqliteFolder _folder = new();
    private readonly ManualTime _time = new();
    private SqliteStore _store = null!;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        _store = await _folder.OpenAsync(_time);
        foreach (var note in (string[])["a", "=1+1", "b,\"c\"", "line\r\nbreak", "'quoted", "+", "f"])
        {
            _time.Advance(TimeSpan.FromSeconds(1));
            await _store.CommitAsync(
                Sample.Note(JsonSerializer.Serialize(new { person = note, reason = note + note })), Cancel);
        }

        var row = new Sample(_time).Pending();
        await _store.CommitAsync(Sample.Insert(row, """{"target":"orders-db","digest":"x"}"""), Cancel);
        await _store.CommitAsync(Sample.Move(row with { Version = 2 }, 1, EntryType.ReviewVote), Cancel);
    }

    public async ValueTask DisposeAsync()
    {
        await _store.DisposeAsync();
        _folder.Dispose();
    }

    [Theory]
    [InlineData(0, 9, true)]
    [InlineData(0, 9, false)]
    [InlineData(3, 8, true)]
    [InlineData(8, 9, true)]
    [InlineData(4, 5, false)]
    public async Task A_slice_is_verified_in_both_forms(long from, long to, bool withPayloads)
    {
        var lines = await ExportAsync(from, to, withPayloads);
        var table = await ToTableAsync(lines);

        foreach (var path in (string[])[lines, table])
        {
            var report = await AuditAsync(path);
            Assert.Empty(report.Faults);
            Assert.Equal([_folder.Key.VerifierKey.ToString()], report.Signers);
            Assert.Equal((from, to, withPayloads), (report.Head!.From, report.Head.To, report.Head.WithPayloads));
        }
    }

    [Fact]
    public async Task That_it_was_taken_is_an_entry_before_the_first_byte()
    {
        var (source, head) = await Desk().OpenAsync(new PersonId("alice"), Options(0, 5), Cancel);
        source.Dispose();

        Assert.Equal(9, head.Entry);
        var payload = JsonElement.Parse((await _store.ReadPayloadAsync(9, Cancel))!.Value.Span);
        Assert.Equal(EntryType.ExportIssued, Leaf.Decode((await _store.ReadLeavesAsync(9, 1, Cancel))[0].Span).Type);
        Assert.Equal(
            ("slice", "alice", "the audit of 2026", 0L, 5L),
            (payload.GetProperty("export").GetString(), payload.GetProperty("person").GetString(),
                payload.GetProperty("reason").GetString(), payload.GetProperty("from").GetInt64(),
                payload.GetProperty("to").GetInt64()));
    }

    [Theory]
    [InlineData(0, 99, "nearest are 9 and none")]
    [InlineData(5, 5, "has no rows")]
    [InlineData(6, 5, "has no rows")]
    public async Task A_slice_that_cannot_be_proved_is_refused_and_not_recorded(long from, long to, string why)
    {
        var refusal = await Assert.ThrowsAsync<ExportRefusedException>(
            () => Desk().OpenAsync(new PersonId("alice"), Options(from, to), Cancel));

        Assert.Contains(why, refusal.Message, StringComparison.Ordinal);
        Assert.Empty(await _store.ReadLeavesAsync(9, 1, Cancel));
    }

    [Fact]
    public async Task A_row_that_is_left_out_added_exchanged_or_changed_is_found_in_both_forms()
    {
        var lines = await ExportAsync(2, 9, withPayloads: true);
        var table = await ToTableAsync(lines);
        foreach (var path in (string[])[lines, table])
        {
            var sound = await File.ReadAllTextAsync(path, Cancel);
            var rows = Records(sound);
            for (var i = 1; i < 6; i++)
            {
                await AssertFoundAsync(path, string.Concat(rows.Where((_, at) => at != i)), "left out");
                await AssertFoundAsync(path, string.Concat(rows.Take(i).Concat(rows.Skip(i - 1))), "added");
                var swapped = rows.ToArray();
                (swapped[i], swapped[i + 1]) = (swapped[i + 1], swapped[i]);
                await AssertFoundAsync(path, string.Concat(swapped), "exchanged");
            }

            await AssertFoundAsync(path, string.Concat(rows[..^1]), "cut off");
            await File.WriteAllTextAsync(path, sound, Cancel);
            Assert.Empty((await AuditAsync(path)).Faults);
        }
    }

    [Fact]
    public async Task Every_changed_letter_of_a_slice_is_found_in_both_forms()
    {
        var lines = await ExportAsync(5, 9, withPayloads: true);
        var table = await ToTableAsync(lines);
        foreach (var path in (string[])[lines, table])
        {
            var sound = await File.ReadAllBytesAsync(path, Cancel);
            var start = path == lines ? Array.IndexOf(sound, (byte)'\n') : Array.IndexOf(sound, (byte)'\n') + 1;
            for (var at = start; at < sound.Length; at++)
            {
                var changed = sound.ToArray();
                changed[at] = (byte)(changed[at] == (byte)'1' ? '2' : '1');
                await File.WriteAllBytesAsync(path, changed, Cancel);
                Assert.True((await AuditAsync(path)).Faults.Length > 0, $"{path} at {at}: '{(char)sound[at]}'");
            }

            await File.WriteAllBytesAsync(path, sound, Cancel);
        }
    }

    [Fact]
    public async Task A_head_that_claims_another_beginning_is_found()
    {
        var path = await ExportAsync(4, 9, withPayloads: false);
        var sound = await File.ReadAllTextAsync(path, Cancel);
        var other = await File.ReadAllTextAsync(await ExportAsync(3, 9, withPayloads: false), Cancel);
        var (head, otherHead) = (JsonElement.Parse(Records(sound)[0]), JsonElement.Parse(Records(other)[0]));
        foreach (var member in (string[])["from", "to", "from_checkpoint", "to_checkpoint", "before", "consistency"])
        {
            var changed = Replace(head, member, member switch
            {
                "to" => JsonElement.Parse("8"),
                "to_checkpoint" => head.GetProperty("from_checkpoint"),
                _ => otherHead.GetProperty(member),
            });
            await AssertFoundAsync(path, string.Concat([changed + "\n", .. Records(sound)[1..]]), member);
        }
    }

    [Fact]
    public async Task Nobody_trusts_an_export_that_another_key_signed()
    {
        var path = await ExportAsync(0, 9, withPayloads: false);
        using var stranger = new SqliteFolder();

        var report = await new ExportAudit([stranger.Key.VerifierKey]).RunAsync(path, Cancel);

        Assert.NotEmpty(report.Faults);
        Assert.Empty(report.Signers);
    }

    /// <summary>What a spreadsheet would run stands behind an apostrophe, and comes back as it was.</summary>
    [Fact]
    [Trait("Threat", "THR-091"), Trait("CWE", "1236")]
    public async Task No_field_of_the_table_is_a_formula()
    {
        var table = await ToTableAsync(await ExportAsync(0, 9, withPayloads: true));
        using var reader = new StreamReader(table);
        var people = new List<string>();
        while (CsvText.Read(reader) is { } fields)
        {
            people.Add(fields[9]);
        }

        Assert.Equal(["person", "a", "=1+1", "b,\"c\"", "line\r\nbreak", "'quoted", "+", "f", "", ""], people);
        var raw = await File.ReadAllTextAsync(table, Cancel);
        Assert.Contains(",'=1+1,", raw, StringComparison.Ordinal);
        Assert.Contains(",''quoted,", raw, StringComparison.Ordinal);
        Assert.DoesNotContain(",=", raw, StringComparison.Ordinal);
        Assert.DoesNotContain(",+", raw, StringComparison.Ordinal);
    }

    private static ExportOptions Options(long from, long? to, bool withPayloads = false) =>
        new(from, to, withPayloads, "the audit of 2026");

    private ExportDesk Desk() => new(_store, _folder.Database, _folder.Vault);

    private async Task<string> ExportAsync(long from, long to, bool withPayloads)
    {
        var path = _folder.PathOf($"export-{from}-{to}-{withPayloads}.jsonl");
        using var source = new ExportSource(_folder.Database);
        var head = await source.ReadHeadAsync(Options(from, to, withPayloads), Cancel);
        await using var file = File.Create(path);
        var pipe = PipeWriter.Create(file);
        await Desk().WriteAsync(source, head, pipe, Cancel);
        await pipe.CompleteAsync();
        return path;
    }

    private static async Task<string> ToTableAsync(string lines)
    {
        var path = Path.ChangeExtension(lines, ".csv");
        await using var file = File.OpenRead(lines);
        await ExportFile.WriteCsvAsync(file, path, Cancel);
        return path;
    }

    private Task<ExportReport> AuditAsync(string path) =>
        new ExportAudit([_folder.Key.VerifierKey]).RunAsync(path, Cancel);

    private async Task AssertFoundAsync(string path, string changed, string what)
    {
        await File.WriteAllTextAsync(path, changed, Cancel);
        Assert.True((await AuditAsync(path)).Faults.Length > 0, $"{path}: {what}");
    }

    /// <summary>The lines, or the records of a table, with their line breaks; a record may have some inside.</summary>
    private static string[] Records(string text)
    {
        var records = new List<string>();
        var start = 0;
        var isQuoted = false;
        for (var i = 0; i < text.Length; i++)
        {
            isQuoted ^= text[i] == '"' && text[0] != '{';
            if (text[i] == '\n' && !isQuoted)
            {
                records.Add(text[start..(i + 1)]);
                start = i + 1;
            }
        }

        return [.. records];
    }

    private static string Replace(JsonElement json, string member, JsonElement value)
    {
        using var buffer = new MemoryStream();
        using (var writer = new Utf8JsonWriter(buffer))
        {
            writer.WriteStartObject();
            foreach (var each in json.EnumerateObject())
            {
                writer.WritePropertyName(each.Name);
                (each.Name == member ? value : each.Value).WriteTo(writer);
            }

            writer.WriteEndObject();
        }

        return Encoding.UTF8.GetString(buffer.ToArray());
    }
}
