using System.Collections.Immutable;
using Countersign.Core.Redaction;
using Countersign.Gates.Postgres.Parsing;
using Countersign.Gates.Postgres.Statements;
using Countersign.Gates.Postgres.Wire;

namespace Countersign.Gates.Postgres.Masking;

/// <summary>
/// What one session masks: which columns of which result, by provenance, and the words around them. A target that masks
/// nothing has no such thing, and everything that it says passes as it came.
/// </summary>
internal sealed class SessionMasks
{
    private readonly TargetRedaction _redaction;
    private readonly ColumnRedactor _redactor;
    private readonly Func<uint, bool> _isText;
    private readonly Dictionary<Effects, MaskPlan> _plans = new(ReferenceEqualityComparer.Instance);
    private readonly Dictionary<string, MaskPlan> _cursors = new(StringComparer.Ordinal);
    private readonly HashSet<string> _told = new(StringComparer.Ordinal);

    private SessionMasks(TargetRedaction redaction, Func<uint, bool> isText)
    {
        (_redaction, _isText) = (redaction, isText);
        _redactor = new ColumnRedactor(redaction);
        Words = new MaskedWords(_redactor, MasksColumns);
    }

    /// <summary>Everything that the database says beside rows.</summary>
    public MaskedWords Words { get; }

    private bool MasksColumns => !_redaction.Fields.IsEmpty;

    /// <summary><c>null</c> where nothing is masked.</summary>
    /// <param name="redaction">What the target masks.</param>
    /// <param name="isText">Whether values of a type that somebody made are plain texts.</param>
    public static SessionMasks? Of(TargetRedaction redaction, Func<uint, bool> isText) =>
        redaction.IsNone ? null : new SessionMasks(redaction, isText);

    /// <summary>The mask of one execution.</summary>
    /// <param name="statement">What is executed; <c>null</c> when nobody understood it.</param>
    /// <param name="executes">What it executes by name.</param>
    /// <param name="isUnseen">Whether nobody but the session can say what its text means.</param>
    public ResultMask Of(ReadStatement? statement, ImmutableArray<Prepared> executes, bool isUnseen)
    {
        if (statement is null || isUnseen)
        {
            return new ResultMask(_redactor, () => Unknown)
            {
                RunsCode = true,
                Shape = new ResultShape(_isText),
                IsNews = IsNews,
            };
        }

        var runsCode = UserCode.MayRunIn(statement, executes);
        return new ResultMask(_redactor, () => PlanOf(statement, executes))
        {
            RunsCode = runsCode,
            Shape = new ResultShape(_isText),
            ReadsSettings = UserCode.ReadsSettings(statement),
            IsLate = statement.Form is Parsed.Fetch,
            LooksAtNoRow = LooksAtNoRow(statement.Form),
            HasNoRows = HasNoRows(statement.Form),
            Copy = statement.Form is Parsed.Copy copy ? CopyFormat.Of(copy) : null,
            Names = [.. statement.Effects.Output.Select(static column => column.Name)],
            Done = statement.Form is Parsed.DeclareCursor cursor
                ? () => _cursors[cursor.Name] = PlanOf(new ReadStatement(cursor.Inner, statement.Effects), [])
                : static () => { },
            IsNews = IsNews,
        };
    }

    /// <summary>
    /// A statement begins that may run code: it may have closed a cursor and opened another one under its name, so
    /// nothing is known of cursors any more.
    /// </summary>
    public void BeginCode()
    {
        Words.BeginCode();
        _cursors.Clear();
    }

    /// <summary>Why a statement cannot be masked; <c>null</c> when it can.</summary>
    public static Refusal? WhyNot(Parsed form) =>
        form is Parsed.Copy { Way: CopyWay.Out } copy && !CopyFormat.IsUtf8(copy)
            ? new Refusal(
                Refusal.FeatureNotSupported, "COPY in another encoding than UTF8 does not pass; nothing was executed.")
            {
                Detail = "This target masks values, and they are looked for in UTF8.",
                Hint = "Leave the option ENCODING out.",
            }
            : null;

    /// <summary>Whether the client was not told this before; one that repeats a statement knows it.</summary>
    private bool IsNews(string notice) => _told.Count < MaskLimits.Remembered && _told.Add(notice);

    private MaskPlan Unknown => MasksColumns ? MaskPlan.Everything : MaskPlan.Nothing;

    private MaskPlan PlanOf(ReadStatement statement, ImmutableArray<Prepared> executes) => statement.Form switch
    {
        _ when !MasksColumns => MaskPlan.Nothing,
        Parsed.Explain when UserCode.MayRunIn(statement, executes) => MaskPlan.Everything,
        Parsed.Explain => MaskPlan.Nothing,
        Parsed.Show when statement.Effects.HasUnclearOutput => MaskPlan.Everything,
        Parsed.Show => MaskPlan.Nothing,
        Parsed.Fetch { Name: var name } => _cursors.GetValueOrDefault(name, MaskPlan.Everything),
        Parsed.Execute => executes is [{ Reading: Reading.Of { Statements: [var only] } } executed]
            ? PlanOf(only, executed.Executes)
            : MaskPlan.Everything,
        Parsed.Query or Parsed.Copy => PlanOf(statement.Effects),
        _ => MaskPlan.Everything,
    };

    private MaskPlan PlanOf(Effects effects)
    {
        if (_plans.TryGetValue(effects, out var plan))
        {
            return plan;
        }

        if (_plans.Count >= MaskLimits.Remembered)
        {
            _plans.Clear();
        }

        return _plans[effects] = MaskPlan.Of(effects, _redaction);
    }

    private static bool HasNoRows(Parsed form) => form
        is Parsed.Transaction or Parsed.Set or Parsed.Prepare or Parsed.Deallocate or Parsed.Discard
        or Parsed.CloseCursor or Parsed.Channel or Parsed.LockTable or Parsed.DeclareCursor or Parsed.Copy;

    /// <summary>
    /// Statements that find something by its name, and evaluate nothing over rows: their errors name what their text
    /// names.
    /// </summary>
    private static bool LooksAtNoRow(Parsed form) => form switch
    {
        Parsed.Command { Effect: { Inner: null, Verb: "DROP" or "GRANT" or "REVOKE" or "COMMENT" or "TRUNCATE" } } =>
            true,
        Parsed.Command { Effect: { Inner: null, Verb: "CREATE" } created } =>
            created.Objects.All(static each => each.Kind is not "INDEX"),
        Parsed.Show or Parsed.LockTable or Parsed.Channel => true,
        _ => false,
    };
}
