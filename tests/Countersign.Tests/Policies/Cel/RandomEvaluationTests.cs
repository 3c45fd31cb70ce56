using System.Globalization;
using Countersign.Core.Policies.Cel;

namespace Countersign.Tests.Policies.Cel;

/// <summary>
/// A million evaluations of random conditions, well-typed and ill-typed, over random facts. <c>./test evaluate COUNT
/// [SEED]</c> runs more of them, or those of a failing seed again.
/// </summary>
public sealed class RandomEvaluationTests
{
    private const int FramesPerCondition = 20;

    /// <summary>As a value and as a condition: two ways through the evaluator.</summary>
    private const int EvaluationsPerCondition = 2 * FramesPerCondition;
    private const int FrameCount = 1_000;

    /// <summary>A frame is filled once and may be read by any number of evaluations.</summary>
    private static readonly FactFrame[] s_frames =
        [.. Enumerable.Range(0, FrameCount).Select(seed => RandomFrames.Next(new Random(seed)))];

    private static readonly int s_count = NumberIn("COUNTERSIGN_RANDOM_EVALUATIONS", 1_000_000);
    private static readonly int s_firstSeed = NumberIn("COUNTERSIGN_EVALUATION_SEED", 1);

    [Fact]
    public void No_exception_escapes_no_type_is_broken_and_no_cost_is_exceeded()
    {
        var tally = new Tally();
        var last = s_firstSeed + Math.Max(1, s_count / EvaluationsPerCondition);

        Parallel.For(s_firstSeed, last, new ParallelOptions { CancellationToken = Cancel }, seed => Try(seed, tally));

        System.Console.WriteLine(
            $"Evaluated {tally.Evaluations} random conditions from seed {s_firstSeed}: {tally.Checked} well-typed, " +
            $"{tally.Values} with a value, {tally.Steps} steps.");
        Assert.InRange(tally.Checked, tally.Evaluations / 4, tally.Evaluations * 3 / 4);
        Assert.InRange(tally.Values, tally.Evaluations / 8, tally.Evaluations);
    }

    [Fact]
    public void A_seed_replays_exactly() => Assert.Equal(
        (Source(11), Answers(11)),
        (Source(11), Answers(11)));

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    private static void Try(int seed, Tally tally)
    {
        try
        {
            Evaluate(seed, tally);
        }
        catch (Exception failure) when (failure is not OperationCanceledException)
        {
            Assert.Fail(
                $"Seed {seed}: {Source(seed)}\n{failure}\nAgain: ./test evaluate {EvaluationsPerCondition} {seed}");
        }
    }

    private static void Evaluate(int seed, Tally tally)
    {
        if (Compile(seed, out var isChecked) is not { } program)
        {
            return;
        }

        var random = new Random(seed);
        var (values, steps) = (0, 0L);
        for (var i = 0; i < FramesPerCondition; i++)
        {
            var frame = s_frames[random.Next(FrameCount)];
            var value = program.Evaluate(frame, out var taken);
            var answer = program.EvaluateBool(frame);
            RequireNoException(value);
            RequireOneAnswer(value, answer);
            if (isChecked)
            {
                Assert.True(value.IsError || Types.Fits(value, program.ResultType), $"{program.ResultType}: {value}");
                Assert.InRange(taken, 0, program.Cost);
            }

            (values, steps) = (values + (value.IsError ? 0 : 2), steps + (2 * taken));
        }

        tally.Add(EvaluationsPerCondition, isChecked ? EvaluationsPerCondition : 0, values, steps);
    }

    /// <summary>The evaluator makes a fault of what it did not expect; here that is an escaping exception.</summary>
    private static void RequireNoException(in CelValue value) => Assert.False(
        value.IsError && value.Fault.Reason.StartsWith("internal error", StringComparison.Ordinal), value.ToString());

    private static void RequireOneAnswer(in CelValue value, CelAnswer answer) => Assert.True(
        value.Kind == CelKind.Bool ? answer.Fault is null && answer.Holds == value.AsBool : answer.Fault is not null,
        $"{value} as a value, {answer} as a condition");

    private static CelProgram? Compile(int seed, out bool isChecked)
    {
        var source = Source(seed);
        isChecked = CelExpression.Compile(source, PolicySchema.Schema) is CompileResult.Ok;
        return (isChecked
            ? CelExpression.Compile(source, PolicySchema.Schema)
            : CelExpression.CompileUnchecked(source, PolicySchema.Schema)) is CompileResult.Ok ok
                ? ok.Program
                : null;
    }

    /// <summary>Odd seeds make what the checker accepts, nearly always; even ones what it refuses.</summary>
    private static string Source(int seed) => seed % 2 == 1
        ? new RandomConditions(new Random(seed)).Condition()
        : new RandomExpressions(seed).Next(depth: 3).ToString();

    private static string Answers(int seed)
    {
        var random = new Random(seed);
        var program = Compile(seed, out _)!;
        return string.Join('\n', Enumerable.Range(0, FramesPerCondition).Select(_ =>
            CelJson.Print(program.Evaluate(s_frames[random.Next(FrameCount)])).ToJsonString()));
    }

    private static int NumberIn(string name, int otherwise) =>
        int.TryParse(Environment.GetEnvironmentVariable(name), CultureInfo.InvariantCulture, out var value)
            ? value
            : otherwise;

    private sealed class Tally
    {
        private long _evaluations;
        private long _checked;
        private long _values;
        private long _steps;

        public long Evaluations => _evaluations;

        public long Checked => _checked;

        public long Values => _values;

        public long Steps => _steps;

        public void Add(long evaluations, long wellTyped, long values, long steps)
        {
            Interlocked.Add(ref _evaluations, evaluations);
            Interlocked.Add(ref _checked, wellTyped);
            Interlocked.Add(ref _values, values);
            Interlocked.Add(ref _steps, steps);
        }
    }
}
