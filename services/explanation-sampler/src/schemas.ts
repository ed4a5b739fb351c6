/** Shapes of the answers, for the OpenAPI document. */
import Type, { type TObject, type TSchema } from 'typebox';

const text = (description: string): TSchema => Type.String({ description });
const orNull = (schema: TSchema): TSchema => Type.Union([schema, Type.Null()]);
const Figure = orNull(Type.Number());
const Interval = Type.Array(Figure, { description: 'lower and upper bound' });

const ColumnImportance = Type.Object(
  {
    feature: text('column of the feature set'),
    importance: orNull(Type.Number({ description: 'mean absolute attribution over all events' })),
    interval: Interval,
    effect: orNull(Type.Number({ description: 'mean attribution over all events' })),
    effectInterval: Interval,
    share: Figure,
    referenceShare: Figure,
    drifted: Type.Boolean(),
  },
  { additionalProperties: true },
);

export const ImportanceShape: TObject = Type.Object({
  model: Type.String(),
  protectedFeatures: Type.Array(Type.String()),
  versions: Type.Array(
    Type.Object(
      {
        version: Type.String(),
        featureSet: Type.String(),
        access: orNull(Type.Object({ kind: Type.String() })),
        model: Type.Object({ status: Type.String(), error: Type.String() }, { additionalProperties: true }),
        game: orNull(text('what an absent feature means: background rows, or the paths of the trees')),
        events: Type.Integer(),
        explained: Type.Integer(),
        confidence: Type.Number({ description: 'of the intervals' }),
        importance: Type.Array(ColumnImportance, { description: 'most important first' }),
        archived: Type.Array(
          Type.Object({
            predictionId: Type.String(),
            inclusionProbability: Type.Number({ description: 'through both stages of the sample' }),
          }),
        ),
        requested: Type.Array(Type.String(), { description: 'ids of explanations that were asked for' }),
      },
      { additionalProperties: true },
    ),
  ),
});

export const ExplanationShape: TObject = Type.Object(
  { predictionId: Type.String() },
  { additionalProperties: true, description: 'as it stands on the explanations topic' },
);

export const FairnessShape: TObject = Type.Object({
  model: Type.String(),
  versions: Type.Array(
    Type.Object(
      {
        version: Type.String(),
        favourable: text('which output is the favourable decision'),
        attributes: Type.Array(Type.String()),
        decisions: Type.Integer(),
        labels: Type.Integer(),
        openAlerts: Type.Array(Type.String()),
        groups: Type.Array(Type.Object({}, { additionalProperties: true }), {
          description:
            'a metric of a group against the others, with its interval; groups below the smallest size are not here',
        }),
        hiddenCells: Type.Integer({ description: 'metrics of groups that are below the smallest size' }),
      },
      { additionalProperties: true },
    ),
  ),
});

/** An explanation that was not there in time. */
export const PendingShape: TObject = Type.Object(
  { id: Type.String(), location: text('where it will be'), processed: Type.Boolean() },
  { description: 'it is not there yet' },
);

const OfAttributes = Type.Object(
  {
    attributes: Type.String(),
    groups: Type.Array(Type.Object({ group: Type.String() }, { additionalProperties: true })),
  },
  { additionalProperties: true },
);

export const AdviceShape: TObject = Type.Object({
  model: Type.String(),
  note: text('what the proposals are not'),
  versions: Type.Array(
    Type.Object({
      version: Type.String(),
      favourable: Type.String(),
      openAlerts: Type.Array(Type.String()),
      thresholds: Type.Array(OfAttributes, { description: 'that would make a rate of the groups equal' }),
      reweighing: Type.Array(OfAttributes, { description: 'weights of training rows by group and label' }),
      promotion: orNull(
        Type.Object({}, { additionalProperties: true, description: 'lines of a promotion policy that would hold it' }),
      ),
    }),
  ),
});
