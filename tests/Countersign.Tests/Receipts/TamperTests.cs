using System.Collections.Concurrent;
using System.Text;
using System.Text.Json;
using Countersign.Core.Ledger;
using Countersign.Core.Receipts;

namespace Countersign.Tests.Receipts;

/// <summary>Nobody who only has the file can change anything in it that is not a hint.</summary>
public sealed class TamperTests
{
    private static readonly byte[] s_file = Vectors.Read("signed.json");

    /// <summary>Where the value of <c>hints</c> begins; behind it are a brace and the line's end.</summary>
    private static readonly int s_hints = s_file.AsSpan().LastIndexOf("\"hints\":"u8) + 8;

    private static ReceiptReport Verify(byte[] file) => new ReceiptVerifier([Vectors.Key]).Verify(file);

    [Fact]
    public void The_file_itself_verifies() => Assert.Empty(Verify(s_file).Doubts);

    [Fact]
    public void Hints_may_say_anything()
    {
        byte[] other = [.. s_file[..s_hints], .. "{\"any\":[1, 2]}}\n"u8];
        Assert.True(Verify(other).IsVerified);
    }

    /// <summary>Of the longer file each character is only changed: all of it takes a minute.</summary>
    [Theory]
    [InlineData("approved.json", true)]
    [InlineData("signed.json", false)]
    public void Every_single_character_that_is_changed_left_out_or_added_is_noticed(string name, bool inEveryWay)
    {
        var file = Vectors.Read(name);
        var hints = file.AsSpan().LastIndexOf("\"hints\":"u8) + 8;
        var survivors = new ConcurrentBag<string>();
        Parallel.For(0, file.Length, i =>
        {
            if (i >= hints && i < file.Length - 2)
            {
                return;
            }

            var old = file[i];
            Try([.. file[..i], (byte)(old ^ 1), .. file[(i + 1)..]], $"{i} changed by a bit");
            if (inEveryWay)
            {
                Try([.. file[..i], (byte)(old ^ 0x20), .. file[(i + 1)..]], $"{i} in the other case");
                Try([.. file[..i], .. file[(i + 1)..]], $"{i} left out");
                Try([.. file[..i], old, .. file[i..]], $"{i} doubled");
                Try([.. file[..i], (byte)' ', .. file[i..]], $"space before {i}");
            }
        });
        Assert.Empty(survivors);

        void Try(byte[] changed, string how)
        {
            if (Verify(changed).IsVerified)
            {
                survivors.Add(how);
            }
        }
    }

    [Fact]
    public void Every_member_and_element_that_is_left_out_or_doubled_is_noticed()
    {
        var survivors = new ConcurrentBag<string>();
        var pieces = Pieces();
        Assert.True(pieces.Count > 300, $"Only {pieces.Count} pieces were found.");
        Parallel.ForEach(pieces, piece =>
        {
            var (from, to) = piece;
            var text = Encoding.UTF8.GetString(s_file[from..to]);
            var separated = s_file[to] == ',' || s_file[from - 1] == ',' ? 1 : 0;
            var rest = s_file[to] == ','
                ? (byte[])[.. s_file[..from], .. s_file[(to + 1)..]]
                : [.. s_file[..(from - separated)], .. s_file[to..]];
            byte[] doubled = [.. s_file[..to], (byte)',', .. s_file[from..to], .. s_file[to..]];
            if (Verify(rest).IsVerified || Verify(doubled).IsVerified)
            {
                survivors.Add(text);
            }
        });
        Assert.Empty(survivors);
    }

    [Fact]
    public void An_entry_that_is_left_out_whole_is_missed_by_the_one_behind_it()
    {
        var receipt = Receipt.Parse(s_file);
        for (var i = 0; i < receipt.Entries.Length; i++)
        {
            Assert.False(Verify((receipt with { Entries = receipt.Entries.RemoveAt(i) }).ToBytes()).IsVerified);
            Assert.False(Verify(
                (receipt with { Entries = receipt.Entries.Insert(i, receipt.Entries[i]) }).ToBytes()).IsVerified);
            Assert.False(Verify((receipt with
            {
                Entries = receipt.Entries.SetItem(i, receipt.Entries[i] with { Payload = null }),
            }).ToBytes()).IsVerified);
        }
    }

    [Fact]
    public void A_payload_of_another_text_does_not_fit_its_leaf_whatever_key_is_given()
    {
        var receipt = Receipt.Parse(s_file);
        var entry = receipt.Entries[0];
        var lie = entry with { Payload = entry.Payload! with { Json = "{\"person\":\"mallory\"}"u8.ToArray() } };
        var report = Verify((receipt with { Entries = receipt.Entries.SetItem(0, lie) }).ToBytes());
        Assert.Contains(report.Doubts, found => found.Doubt == Doubt.PayloadChanged);
    }

    [Fact]
    public void Only_keys_that_are_trusted_count_and_only_for_their_own_log()
    {
        using var other = new ForgedLog(Receipt.Parse(s_file), seed: 8);
        AssertOnly(Doubt.Unsigned, new ReceiptVerifier([other.Key]).Verify(s_file));

        // A log's key under the name of another log, which its holder could sign for.
        var foreign = new NoteVerifierKey(new KeyName("elsewhere"), NoteAlgorithm.Ed25519, Vectors.Key.PublicKey.Span);
        AssertOnly(Doubt.Unsigned, new ReceiptVerifier([foreign]).Verify(s_file));

        var receipt = Receipt.Parse(s_file);
        var twice = SignedNote.Parse(Encoding.UTF8.GetBytes(receipt.Checkpoint))
            .With(new NoteSignature(other.Key.Name, other.Key.Id, new byte[64]));
        var more = receipt with { Checkpoint = Encoding.UTF8.GetString(twice.ToBytes()) };
        AssertOnly(Doubt.UnknownSignature, Verify(more.ToBytes()));
        AssertOnly(Doubt.ForgedSignature, new ReceiptVerifier([Vectors.Key, other.Key]).Verify(more.ToBytes()));
    }

    private static void AssertOnly(Doubt expected, ReceiptReport report) =>
        Assert.Equal([expected], report.Doubts.Select(found => found.Doubt));

    /// <summary>Where every member and every element of the file is, outside of the hints.</summary>
    private static List<(int From, int To)> Pieces()
    {
        var pieces = new List<(int, int)>();
        var reader = new Utf8JsonReader(s_file, new JsonReaderOptions { MaxDepth = 1000 });
        var open = new Stack<int>();
        int? name = null;
        while (reader.Read() && reader.TokenStartIndex < s_hints)
        {
            var at = (int)reader.TokenStartIndex;
            switch (reader.TokenType)
            {
                case JsonTokenType.PropertyName:
                    name = at;
                    break;
                case JsonTokenType.StartObject or JsonTokenType.StartArray:
                    open.Push(name ?? at);
                    name = null;
                    break;
                case JsonTokenType.EndObject or JsonTokenType.EndArray:
                    pieces.Add((open.Pop(), (int)reader.BytesConsumed));
                    break;
                default:
                    pieces.Add((name ?? at, (int)reader.BytesConsumed));
                    name = null;
                    break;
            }
        }

        return pieces;
    }
}
