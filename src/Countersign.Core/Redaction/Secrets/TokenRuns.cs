using Countersign.Core.Redaction.Scanning;

namespace Countersign.Core.Redaction.Secrets;

/// <summary>Where the runs of each alphabet end, in the text that is scanned now.</summary>
internal sealed class TokenRuns
{
    private readonly RunMemo[] _memos =
    [
        .. Enumerable.Range(0, Alphabet.Count)
            .Select(index => new RunMemo(Alphabet.At(index).Members, areMembers: true)),
    ];

    public int EndOf(ReadOnlySpan<byte> text, int at, Alphabet alphabet, ref long steps) =>
        _memos[alphabet.Index].EndOf(text, at, ref steps);

    public void Forget()
    {
        foreach (var memo in _memos)
        {
            memo.Forget();
        }
    }
}
