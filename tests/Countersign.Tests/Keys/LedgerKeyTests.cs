using System.Text;
using Countersign.Core.Ledger;
using Countersign.Server.Keys;

namespace Countersign.Tests.Keys;

public sealed class LedgerKeyTests : IDisposable
{
    private readonly LedgerKey _key =
        new(new KeyName("localhost/countersign"), new Ed25519SigningKey(SampleKeys.Seed(1)));

    public void Dispose() => _key.Dispose();

    [Fact]
    public void A_signed_checkpoint_is_trusted_by_whoever_has_the_vkey_line()
    {
        var note = SignedNote.Parse(SignCheckpoint());

        Assert.IsType<NoteCheck.Trusted>(note.Verify([NoteVerifierKey.Parse(_key.VerifierKey.ToString())]));
        Assert.Equal(_key.Origin, Checkpoint.Parse(note.Text.Span).Origin);
    }

    [Fact]
    public void No_bit_of_a_signed_checkpoint_can_be_changed()
    {
        var note = SignCheckpoint();
        for (var bit = 0; bit < note.Length * 8; bit++)
        {
            var changed = (byte[])note.Clone();
            changed[bit / 8] ^= (byte)(1 << (bit % 8));
            Assert.False(IsTrusted(changed), $"bit {bit}");
        }
    }

    [Fact]
    public void No_byte_of_a_signed_checkpoint_can_be_lost_or_doubled()
    {
        var note = SignCheckpoint();
        for (var i = 0; i < note.Length; i++)
        {
            Assert.False(IsTrusted([.. note[..i], .. note[(i + 1)..]]), $"byte {i} lost");
            Assert.False(IsTrusted([.. note[..(i + 1)], .. note[i..]]), $"byte {i} doubled");
        }
    }

    private byte[] SignCheckpoint()
    {
        var head = new LogHead(_key.Origin, TileEdge.Empty).Append([Encoding.ASCII.GetBytes("an entry")]);
        return _key.Sign(head.CheckpointText.Span).ToBytes();
    }

    private bool IsTrusted(byte[] bytes)
    {
        try
        {
            return SignedNote.Parse(bytes).Verify([_key.VerifierKey]) is NoteCheck.Trusted;
        }
        catch (FormatException)
        {
            return false;
        }
    }
}
