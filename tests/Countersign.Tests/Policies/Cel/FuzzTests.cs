using Countersign.Core.Policies.Cel;

namespace Countersign.Tests.Policies.Cel;

public sealed class FuzzTests
{
    private const int Count = 100_000;

    [Fact]
    public void No_random_text_makes_the_parser_throw()
    {
        var random = new Random(1);
        const string Alphabet = "ab1.0xu'\"\\r()[]{}<>=!&|?:,+-*/% \n`ué😀_ in has true";
        for (var i = 0; i < Count; i++)
        {
            var source = new string(random.GetItems<char>(Alphabet, random.Next(40)));
            _ = CelExpression.CompileUnchecked(source, FactSchema.Empty);
        }
    }
}
