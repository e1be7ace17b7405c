// Package boost is gradient boosting on the autograd of this module: stage-wise additive models
//
//	F_0 = argmin_c sum_i w_i l(y_i, c)
//	F_m = F_{m-1} + nu rho_m h_m(x),   m = 1 ... M
//
// in which learner h_m is fitted to the negative gradient of the loss at F_{m-1}, or to the Newton
// step (Friedman 2001, "Greedy function approximation"; Friedman, Hastie, Tibshirani 2000). The
// gradient comes from autograd, so any [Loss] written with its ops can be boosted; learners make regression trees ([Tree]),
// small neural networks ([MLP], [Conv]), soft trees ([SoftTrees]), [Linear] models, [RandomFeatures] or anything else that is
// a [Hypothesis].
//
// [Fit] makes an [Ensemble] of [Data], as a [Config] says. Of labelled images it is this:
//
//	fit, err := boost.DataOf(set.Batch(norm, 0, set.Len()), set.Classes)
//	...
//	c := boost.Config{Loss: boost.Softmax{}, Learner: boost.MLP{Hidden: 32}, Stages: 27, Rate: 0.15}
//	ensemble, err := boost.Fit(ctx, fit, c)
//	...
//	score := data.ScoreOf(ensemble.Predict(images), labels)
//
// [Ensemble.Save] and [Load] keep what is fitted in a file that says how it is built.
//
// What is to be ranked has groups, Data.Group; [LambdaRank] with a [Tree] and Config.Newton is LambdaMART, and a [Metric] such
// as [NDCG] says when to stop.
//
// # A boosted ensemble is a residual network
//
// Read F_m = F_{m-1} + nu rho_m h_m(x) as y_m = y_{m-1} + f_m(y_{m-1}) with the state
// y = [x | F]: every stage is a residual block whose skip is the identity and whose branch adds to F
// alone. [Ensemble] has the methods by which residual networks are taken apart (Len, Stem, Skip,
// Branch, Join, Head, Sums), so the same study of lesions runs on both.
//
// In this plain form no stage looks at what an earlier one wrote. Two consequences: the stages can be
// permuted without changing the prediction beyond rounding, and a path through more than one branch
// has exactly zero gradient. A study of order or of path length says something only about ensembles
// whose stages depend on each other. Config.Chained builds one: as in GrowNet (Badirli et al. 2020)
// learner m also sees the penultimate features of learner m-1, and the state becomes [x | F | features]. With
// Config.Newton and Config.Corrective, which trains all learners and their factors together after each stage, that is
// GrowNet.
//
// [FitRepresentation] boosts the features that a linear head reads instead of scores: ResFGB and RFRBoost, in which
// every block reads what the earlier ones wrote.
//
// [BoostResNet] goes the other way: it trains the blocks of a residual network one at a time, as the stages of boosting are,
// and leaves an ordinary net.
package boost
