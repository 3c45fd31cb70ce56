using System.Buffers;
using System.Text;

namespace Countersign.Core.Redaction.Secrets;

/// <summary>The characters that one part of a token is made of, and the letter that the tables call it by.</summary>
internal sealed class Alphabet
{
    private const string Digits = "0123456789";
    private const string Lower = "abcdefghijklmnopqrstuvwxyz";
    private const string Upper = "ABCDEFGHIJKLMNOPQRSTUVWXYZ";

    private static readonly Alphabet[] Every =
    [
        new('d', Digits),
        new('h', Digits + "abcdef"),
        new('x', Digits + "abcdefABCDEF"),
        new('l', Digits + Lower),
        new('u', Digits + Upper),
        new('c', Upper + "234567"),
        new('a', Lower + Upper),
        new('w', Digits + Lower + Upper),
        new('b', Digits + Lower + Upper + "+/="),
        new('n', Digits + Lower + Upper + "-_"),
        new('p', Digits + Lower + Upper + "-_.="),
    ];

    private Alphabet(char letter, string characters)
    {
        (Letter, Characters) = (letter, characters);
        Members = SearchValues.Create(Encoding.ASCII.GetBytes(characters));
    }

    /// <summary>How many there are, and the place of each among them.</summary>
    public static int Count => Every.Length;

    public int Index => Array.IndexOf(Every, this);

    public SearchValues<byte> Members { get; }

    public char Letter { get; }

    public string Characters { get; }

    /// <summary>
    /// How many of digits, capitals and small letters a random run has all but always: names and sentences have one.
    /// </summary>
    public int LeastClasses(int length) => Letter switch
    {
        'l' or 'u' or 'w' or 'b' or 'n' or 'p' when length >= 16 => 2,
        _ => 0,
    };

    public static Alphabet Of(char letter) => Every.Single(alphabet => alphabet.Letter == letter);

    public static Alphabet At(int index) => Every[index];

    public bool Has(byte value) => Members.Contains(value);
}
