namespace Countersign.Core.Policies.Cel.Parsing;

internal enum TokenKind
{
    End,
    Invalid,
    Identifier,
    QuotedIdentifier,
    Int,
    Uint,
    Double,
    String,
    Bytes,
    Symbol,
}

/// <summary>
/// A token. <c>Text</c> holds the name, the symbol, the digits, the text of a string or the reason of an invalid token;
/// <c>Octets</c> the content of a bytes literal.
/// </summary>
internal readonly record struct Token(TokenKind Kind, int At, string Text, byte[]? Octets = null)
{
    public bool Is(string symbol) => Kind == TokenKind.Symbol && Text == symbol;

    public bool IsWord(string word) => Kind == TokenKind.Identifier && Text == word;

    public string Describe() => Kind switch
    {
        TokenKind.End => "the end of the expression",
        TokenKind.String => "a string",
        TokenKind.Bytes => "a bytes literal",
        _ => $"'{Text}'",
    };
}
